export function Timeline() { return <p>…</p>; }
