export function Fencing() { return <p>…</p>; }
