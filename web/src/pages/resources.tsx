export function Resources() { return <p>…</p>; }
