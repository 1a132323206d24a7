/** One line being typed. Positions count what people see as characters. */
export interface TextField {
  characters: readonly string[];
  caret: number;
}

/** Longest text a field takes. The agent has the last word on what is valid. */
const maxCharacters = 4096;

const segmenter = new Intl.Segmenter();

export const textField = (text = ""): TextField => {
  const characters = [...segmenter.segment(text)].map(({ segment }) => segment);
  return { characters, caret: characters.length };
};

export const textOf = (field: TextField): string => field.characters.join("");

/** The field with `text` typed at the caret; a combining mark joins the character before it. */
export function insert({ characters, caret }: TextField, text: string): TextField {
  const before = textField([...characters.slice(0, caret), text].join(""));
  const joined = [...before.characters, ...characters.slice(caret)];
  if (joined.length > maxCharacters) return { characters, caret };
  return { characters: joined, caret: before.caret };
}

/** The field after a key that edits or moves; null for any other key. */
export function edit(field: TextField, key: string): TextField | null {
  const { characters, caret } = field;
  switch (key) {
    case "LEFT":
      return { characters, caret: Math.max(0, caret - 1) };
    case "RIGHT":
      return { characters, caret: Math.min(characters.length, caret + 1) };
    case "HOME":
    case "CTRL_A":
      return { characters, caret: 0 };
    case "END":
    case "CTRL_E":
      return { characters, caret: characters.length };
    case "BACKSPACE":
      if (caret === 0) return field;
      return { characters: characters.toSpliced(caret - 1, 1), caret: caret - 1 };
    case "DELETE":
      return { characters: characters.toSpliced(caret, 1), caret };
    case "CTRL_U":
      return { characters: characters.slice(caret), caret: 0 };
    default:
      return null;
  }
}

/** Names of special keys are longer than any one character people see. */
export const isCharacter = (key: string): boolean => !/^[A-Z][A-Z0-9_]+$/.test(key);

/** A paste as a field takes it: line breaks would be keys otherwise. */
export const onOneLine = (text: string): string => text.replace(/[\r\n\t]+/g, " ");
