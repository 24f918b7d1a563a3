export function Clusters() { return <p>…</p>; }
