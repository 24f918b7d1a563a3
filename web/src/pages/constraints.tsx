export function Constraints() { return <p>…</p>; }
