import { useState } from "preact/hooks";

import { login } from "../api";
import { Brand } from "../app";
import { Button, Icon, Text } from "../ui/bits";

export function Login() {
  const [user, setUser] = useState("");
  const [password, setPassword] = useState("");
  const [wrong, setWrong] = useState("");
  const [busy, setBusy] = useState(false);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setWrong("");
    try {
      await login(user, password);
    } catch (error) {
      setWrong((error as Error).message);
    } finally {
      setPassword("");
      setBusy(false);
    }
  };
  return (
    <main class="login">
      <form onSubmit={submit} aria-label="Log in">
        <Brand size={40} />
        <h1>Quorate</h1>
        <p class="soft">
          {location.hostname}. Log in as a user of this machine who is in the group <code>haclient</code>.
        </p>
        <Text label="User" value={user} set={setUser} />
        <div class="field">
          <label for="password">Password</label>
          <input id="password" type="password" autocomplete="current-password" value={password} onInput={(event) => setPassword(event.currentTarget.value)} />
        </div>
        <p class="why-wrong" role="alert">
          {wrong && (
            <>
              <Icon name="warn" /> {wrong}
            </>
          )}
        </p>
        <Button type="submit" kind="main" disabled={busy || !user || !password}>
          {busy ? "Asking…" : "Log in"}
        </Button>
        <p class="soft small">
          <a href="/status">Plain status page</a>
        </p>
      </form>
    </main>
  );
}
