/**
 * How the package files are spread over the layers of the cache image (docs/layers.md). A layer's digest follows from
 * its content, so a registry gets only the layers in which something changed. What it costs: an empty layer for each
 * place that a small set does not fill, which is to stay below a fiftieth of the packages from 1 MB up. BuildKit mounts
 * about 40 layers at most, Docker's classic store has 125.
 */
const ALONE = 8;
const SHARED = 6;

const dollar = '$';

/** Lines for a POSIX shell that move /out/packages to /out/layers/N. */
export const spread = `
# A layer for each of the ${ALONE} largest packages, ${SHARED} for the rest, by name: what stays the same is not pushed again.
cd /out/packages
for layer in $(seq 0 ${ALONE + SHARED - 1}); do mkdir -p "/out/layers/$layer"; done
for file in *; do
  case $file in '*' | *.sig) ;; *) echo "$(wc -c <"$file") $file" ;; esac
done | sort -k1,1nr -k2 | {
  layer=0
  while read -r _ file; do
    if [ "$layer" -ge ${ALONE} ]; then
      set -- $(printf %s "${dollar}{file%%[-_][0-9]*}" | cksum)
      layer=$((${ALONE} + $1 % ${SHARED}))
    fi
    for part in "$file" "$file.sig"; do [ ! -e "$part" ] || mv "$part" "/out/layers/$layer/"; done
    [ "$layer" -ge ${ALONE} ] || layer=$((layer + 1))
  done
}
touch -d @0 /out/layers/*
`;

/** The instructions that make the layers. */
export const copyLayers: string = Array.from(
  { length: ALONE + SHARED },
  (_, layer) => `COPY --from=collect /out/layers/${layer}/ /\n`,
).join('');
