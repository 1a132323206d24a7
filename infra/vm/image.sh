# Has the image of an operating system in the cache, whole. Without a URL the file beside it was sent here before.
# Inputs: image_url, image_sha256.

script=image

# The name is the sum: what has it was checked. A download that broke off goes on where it stopped.
fetch() {
  local partial=$1
  [ "$(sha256sum <"$partial" 2>/dev/null | cut -d' ' -f1)" != "$image_sha256" ] || return 0
  [ -n "$image_url" ] || return 0
  curl -fsSL --proto =http,https --retry 5 --retry-connrefused -C - -o "$partial" -- "$image_url" || {
    # The server cannot go on in the middle, or has something shorter.
    rm -f "$partial"
    curl -fsSL --proto =http,https --retry 5 --retry-connrefused -o "$partial" -- "$image_url"
  }
}

main() {
  local cache=$machines/images image partial found backing
  image=$cache/$image_sha256.img partial=$cache/$image_sha256.partial
  install -d -m 711 "$cache"
  step "fetch the image"
  [ ! -e "$image" ] || return 0
  fetch "$partial"
  step "check the image"
  found=$(sha256sum <"$partial" | cut -d' ' -f1)
  if [ "$found" != "$image_sha256" ]; then
    rm -f "$partial"
    refuse "the image has the SHA-256 $found, and $image_sha256 was asked for: it was removed" "compare --image and --image-sha256 with what its publisher says"
  fi
  backing=$(qemu-img info --output=json "$partial" | grep -E '"(full-)?backing-filename"' || true)
  [ -z "$backing" ] || refuse "the image is only the difference to another file" "give one that is whole (qemu-img convert)"
  mv "$partial" "$image"
}
