import { layersThere, parseSurvey } from "./survey.ts";

const [a, b, c] = ["a".repeat(64), "b".repeat(64), "c".repeat(64)];

test("reads what a host with images and leftovers prints", () => {
  const text = [
    "amd64",
    "  1234567890",
    `sha256:${c}`,
    `sha256:${a} sha256:${b}`,
    `sha256:${a}`,
    "--",
    `${b}.partial 17`,
    `${c}.zst 4000000000`,
  ].join("\n");
  expect(parseSurvey(text)).toEqual({
    architecture: "amd64",
    freeBytes: 1_234_567_890,
    id: `sha256:${c}`,
    images: [[a, b], [a]],
    leftovers: new Map([
      [`${b}.partial`, 17],
      [`${c}.zst`, 4_000_000_000],
    ]),
  });
});

test("reads what a host with nothing prints", () => {
  expect(parseSurvey("arm64\n5\nnone\n--")).toEqual({
    architecture: "arm64",
    freeBytes: 5,
    id: null,
    images: [],
    leftovers: new Map(),
  });
});

test.each([
  ["no image", [a, b], [], 0],
  ["an image of the same base", [a, b], [[a, c]], 1],
  ["the best of several images", [a, b, c], [[a], [a, b], [b]], 2],
  ["an image that goes on", [a, b], [[a, b, c]], 2],
  ["a layer that stands on others", [a, b], [[b]], 0],
  ["an image without layers", [a], [[""]], 0],
])("with %s the layers below the first that differs are there", (_what, layers, images, count) => {
  expect(layersThere(layers, images)).toBe(count);
});
