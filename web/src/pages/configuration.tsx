export function Configuration() { return <p>…</p>; }
