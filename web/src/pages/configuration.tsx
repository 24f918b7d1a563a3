// The document as it is written: to read, to edit, and to compare with what it was.

import { useEffect, useRef, useState } from "preact/hooks";

import { get, may } from "../api";
import { useDocument } from "../document";
import { requery, route } from "../route";
import { add } from "../stage";
import { useStore } from "../store";
import { Button, Card, Empty, Icon, Tabs } from "../ui/bits";
import * as xml from "../xml";
import { DiffView } from "./diff";

export function Configuration() {
  const tree = useDocument();
  const { query } = useStore(route);
  const tab = query["tab"] ?? "document";
  if (!tree) return <Empty>Asking…</Empty>;
  return (
    <div class="page">
      <div class="page-head">
        <h2>Configuration</h2>
      </div>
      <Tabs label="Configuration" at={tab} choose={(key) => requery({ tab: key })} tabs={[["document", "Document"], ["earlier", "Since the last change"]]} />
      {tab === "document" ? <Raw tree={tree} line={Number(query["line"] ?? 0)} /> : <Earlier tree={tree} />}
    </div>
  );
}

function Raw({ tree, line }: { tree: Document; line: number }) {
  const was = xml.pretty(xml.configuration(tree));
  const [begun, setBegun] = useState(was);
  const [text, setText] = useState(was);
  const [wrong, setWrong] = useState("");
  const home = useRef<HTMLTextAreaElement>(null);
  const changed = text !== begun;
  useEffect(() => {
    if (changed) return;
    setBegun(was);
    setText(was);
  }, [was]);
  useEffect(() => {
    const shown = home.current;
    if (!line || !shown) return;
    const start = text.split("\n").slice(0, line - 1).join("\n").length + 1;
    shown.focus();
    shown.setSelectionRange(start, start + (text.split("\n")[line - 1]?.length ?? 0));
    shown.scrollTop = (line - 8) * 19;
  }, [line]);
  const stage = (): void => {
    try {
      const made = xml.parse(text).documentElement;
      const fresh = made.tagName === "configuration" ? made : xml.child(made, "configuration");
      if (!fresh) throw new Error("It must be a <configuration>, or a <cib> with one.");
      setWrong("");
      const based = begun;
      void add("Change the document", (now) => {
        if (xml.pretty(xml.configuration(now)) !== based) throw new Error("the document was changed meanwhile: begin again from it as it is now");
        xml.configuration(now).replaceWith(now.importNode(fresh, true));
      });
    } catch (error) {
      setWrong((error as Error).message);
    }
  };
  return (
    <>
      <textarea ref={home} class="code raw" aria-label="The configuration as XML" spellcheck={false} readOnly={!may("configure")} value={text} onInput={(event) => setText(event.currentTarget.value)} />
      {wrong && (
        <p class="why-wrong" role="alert">
          <Icon name="warn" /> {wrong}
        </p>
      )}
      {changed && was !== begun && <p class="note warn">The document was changed meanwhile. What you wrote is based on an older one.</p>}
      {may("configure") && (
        <div class="acts">
          <Button kind="main" icon="plan" disabled={!changed} onClick={stage}>
            Show the plan
          </Button>
          <Button disabled={!changed} onClick={() => (setBegun(was), setText(was), setWrong(""))}>
            As it was
          </Button>
        </div>
      )}
      {changed && (
        <Card title="What you changed">
          <div class="padded">
            <DiffView before={begun} after={text} />
          </div>
        </Card>
      )}
    </>
  );
}

function Earlier({ tree }: { tree: Document }) {
  const [earlier, setEarlier] = useState<string>();
  const [wrong, setWrong] = useState("");
  useEffect(() => {
    get<string | { xml: string }>("/v1/earlier").then(
      (answer) => setEarlier(xml.pretty(xml.configuration(xml.parse(typeof answer === "string" ? answer : answer.xml)))),
      (error: Error) => setWrong(error.message),
    );
  }, [tree]);
  if (wrong) return <Empty>{wrong}</Empty>;
  if (earlier === undefined) return <Empty>Asking…</Empty>;
  return (
    <Card>
      <div class="padded top">
        <DiffView before={earlier} after={xml.pretty(xml.configuration(tree))} />
      </div>
    </Card>
  );
}
