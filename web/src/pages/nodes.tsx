export function Nodes() { return <p>…</p>; }
