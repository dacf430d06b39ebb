/**
 * Stands in for the package of that name in the bundle (package.json, "build"): our help texts are ASCII, and the tables for
 * everything else are most of what yargs costs at start-up.
 */
export default function stringWidth(text: string): number {
  return text.length;
}
