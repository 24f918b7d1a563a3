export function Access() { return <p>…</p>; }
