export function Wizards() { return <p>…</p>; }
