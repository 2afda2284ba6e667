// Draws DOT from standard input as SVG on standard output; the DOT's hash stands in it, so that a test sees when it is stale.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { instance } from "@viz-js/viz";

const dot = readFileSync(0, "utf8");
const viz = await instance();
const hash = createHash("sha256").update(dot).digest("hex");
const svg = viz.renderString(dot, { format: "svg" });
process.stdout.write(svg.replace(/<svg /, `<!-- dot sha256 ${hash} -->\n<svg `));
