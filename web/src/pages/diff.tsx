// Two texts, and what differs, by lines.

const CONTEXT = 3;

interface Line {
  kind: " " | "+" | "-" | "…";
  text: string;
}

export function DiffView({ before, after }: { before: string; after: string }) {
  const lines = diff(before.split("\n"), after.split("\n"));
  if (!lines.some((one) => one.kind !== " ")) return <p class="soft">Nothing differs.</p>;
  return (
    <pre class="diff" tabIndex={0} aria-label="What changes in the document">
      {folded(lines).map((one) => (
        <div class={{ "+": "added", "-": "removed", " ": "same", "…": "skipped" }[one.kind]}>
          <span aria-hidden="true">{one.kind}</span>
          {one.kind === "+" ? <ins>{one.text}</ins> : one.kind === "-" ? <del>{one.text}</del> : one.text}
        </div>
      ))}
    </pre>
  );
}

/** Lines that stay, go and come; by the longest common part, after what is the same at both ends. */
export function diff(a: string[], b: string[]): Line[] {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const same = (text: string): Line => ({ kind: " ", text });
  return [...a.slice(0, head).map(same), ...middle(a.slice(head, a.length - tail), b.slice(head, b.length - tail)), ...a.slice(a.length - tail).map(same)];
}

/** More cells than this are shown as all gone and all new. */
const CELLS_MAX = 4_000_000;

function middle(a: string[], b: string[]): Line[] {
  const gone = (text: string): Line => ({ kind: "-", text });
  const come = (text: string): Line => ({ kind: "+", text });
  if (a.length * b.length > CELLS_MAX) return [...a.map(gone), ...b.map(come)];
  const width = b.length + 1;
  const common = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      common[i * width + j] = a[i] === b[j] ? common[(i + 1) * width + j + 1]! + 1 : Math.max(common[(i + 1) * width + j]!, common[i * width + j + 1]!);
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ kind: " ", text: a[i]! });
      i++;
      j++;
    } else if (j >= b.length || (i < a.length && common[(i + 1) * width + j]! >= common[i * width + j + 1]!)) lines.push(gone(a[i++]!));
    else lines.push(come(b[j++]!));
  }
  return lines;
}

function folded(lines: Line[]): Line[] {
  const near = lines.map((_, at) => lines.slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1).some((one) => one.kind !== " "));
  const out: Line[] = [];
  lines.forEach((line, at) => {
    if (near[at]) out.push(line);
    else if (out.at(-1)?.kind !== "…") out.push({ kind: "…", text: "" });
  });
  return out;
}
