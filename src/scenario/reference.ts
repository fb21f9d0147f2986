/** docs/scenario-reference.md, written from the JSON schemas: what editors say is what the page says. */

import type { JsonSchema } from '../core/problems.ts';

/** Sections of their own, in this order, after the keys of the file: definition → heading. */
export interface Section {
  readonly definition: string;
  readonly heading: string;
}

/** A chapter of tables: one for the file, one for each section, and one for each map inside them. */
export function chapter(root: JsonSchema, heading: string, sections: readonly Section[]): string {
  const own = new Map(sections.map(({ definition, heading: title }) => [definition, title]));
  const page = new Page(root, own);
  const parts = [`## ${heading}`, root.description ?? '', page.table(root), ...page.inner(root)];
  for (const section of sections) {
    const schema = root.definitions?.[section.definition];
    if (schema === undefined) continue;
    parts.push(`### ${section.heading}`, schema.description ?? '', page.table(schema), ...page.inner(schema));
  }
  return parts.filter((part) => part !== '').join('\n\n');
}

/** What the short names in the tables stand for. */
export function kinds(root: JsonSchema, heading: string, names: readonly string[]): string {
  const lines = names.map((name) => `- \`${name}\`: ${root.definitions?.[name]?.description ?? ''}`);
  return [`### ${heading}`, lines.join('\n')].join('\n\n');
}

class Page {
  readonly #root: JsonSchema;
  readonly #sections: ReadonlyMap<string, string>;

  constructor(root: JsonSchema, sections: ReadonlyMap<string, string>) {
    this.#root = root;
    this.#sections = sections;
  }

  table(schema: JsonSchema): string {
    const rows = Object.entries(schema.properties ?? {}).map(([key, value]) => {
      const needed = schema.required?.includes(key) === true ? 'yes' : '';
      return `| \`${key}\` | ${this.#kind(value)} | ${needed} | ${escaped(this.#said(value))} |`;
    });
    return rows.length === 0 ? '' : ['| key | value | needed | meaning |', '|---|---|---|---|', ...rows].join('\n');
  }

  /** Tables of the maps that stand as values, or as items of lists, in a section. */
  inner(schema: JsonSchema): string[] {
    return Object.entries(schema.properties ?? {}).flatMap(([key, value]) => {
      const map = value.properties === undefined ? items(value).find((one) => one.properties !== undefined) : value;
      if (map?.properties === undefined || Object.keys(map.properties).length === 0) return [];
      return [`#### \`${key}\``, this.table(map), ...this.inner(map)];
    });
  }

  #said(schema: JsonSchema): string {
    const text = schema.description ?? this.#target(schema)?.description ?? '';
    return schema.default === undefined || JSON.stringify(schema.default) === '[]'
      ? text
      : `${text} Default: \`${JSON.stringify(schema.default)}\`.`;
  }

  #target(schema: JsonSchema): JsonSchema | undefined {
    const reference = schema.$ref ?? schema.allOf?.[0]?.$ref;
    return reference === undefined ? undefined : this.#root.definitions?.[nameOf(reference)];
  }

  #kind(schema: JsonSchema): string {
    const reference = schema.$ref ?? schema.allOf?.[0]?.$ref;
    if (reference !== undefined) {
      const heading = this.#sections.get(nameOf(reference));
      const name = nameOf(reference);
      return heading === undefined ? name : `[${name}](#${anchor(heading)})`;
    }
    if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
    if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(' ');
    if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map((one) => this.#kind(one)))].join(' or ');
    if (schema.items !== undefined)
      return `list of ${items(schema)
        .map((one) => this.#kind(one))
        .join(', ')}`;
    if (schema.properties !== undefined) {
      const keys = Object.keys(schema.properties);
      return keys.length === 0 ? '`{}`' : `map: ${keys.map((key) => `\`${key}\``).join(' ')}`;
    }
    if (typeof schema.additionalProperties === 'object') return `map of ${this.#kind(schema.additionalProperties)}`;
    return TYPES[schema.type ?? ''] ?? 'anything';
  }
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'whole number',
  number: 'number',
  boolean: '`true` or `false`',
  array: 'list',
  object: 'map',
  null: '`null`',
};

function nameOf(reference: string): string {
  return reference.replace('#/definitions/', '');
}

function anchor(heading: string): string {
  return heading.toLowerCase().replaceAll(' ', '-');
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function items(schema: JsonSchema): readonly JsonSchema[] {
  return [schema.items ?? []].flat();
}
