// The document for pages that read or edit it: as staged, or as it is.

import { useEffect } from "preact/hooks";

import { live } from "./live";
import { fetchDocument, stagedDocument } from "./stage";
import { Store, useStore } from "./store";
import * as xml from "./xml";

const held = new Store<{ version: string; tree: Document } | undefined>(undefined);
export const documentTrouble = new Store("");

/** The configuration's edition: observations alone are no reason to read it again. */
const edition = (version: string | undefined): string => (version ?? "").split(".").slice(0, 2).join(".");

export function useDocument(): Document | undefined {
  const { status } = useStore(live);
  const staged = useStore(stagedDocument);
  const now = useStore(held);
  const version = edition(status?.version);
  useEffect(() => {
    if (!version || held.value?.version === version) return;
    fetchDocument().then(
      (tree) => (held.set({ version, tree }), documentTrouble.set("")),
      (error: Error) => documentTrouble.set(error.message),
    );
  }, [version]);
  return staged?.staged ?? now?.tree;
}

export interface Known {
  id: string;
  tag: string;
  /** How many resources it is inside of. */
  depth: number;
  element: Element;
}

/** All resources, in the order of the document. */
export function resources(tree: Document): Known[] {
  const found: Known[] = [];
  const walk = (of: Element, depth: number): void => {
    for (const one of xml.children(of)) {
      if (!(xml.RESOURCES as readonly string[]).includes(one.tagName)) continue;
      found.push({ id: xml.attr(one, "id"), tag: one.tagName, depth, element: one });
      walk(one, depth + 1);
    }
  };
  walk(xml.section(tree, "resources"), 0);
  return found;
}

export const resourceIds = (tree: Document): string[] => resources(tree).filter((one) => one.tag !== "template").map((one) => one.id);
/** What a constraint may name: a template stands for all that are made from it. */
export const constrainable = (tree: Document): string[] => resources(tree).map((one) => one.id);
export const nodeNames = (tree: Document): string[] => xml.children(xml.section(tree, "nodes")).map((one) => xml.attr(one, "uname"));

export function agentOf(of: Element): string {
  const template = xml.attr(of, "template");
  if (template) return `@${template}`;
  return ["class", "provider", "type"].map((name) => xml.attr(of, name)).filter(Boolean).join(":");
}

export const isFenceDevice = (of: Element): boolean => xml.attr(of, "class") === "stonith";
