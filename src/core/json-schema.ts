/** From a zod schema to the JSON schema that is committed and that editors use. Knows no particular format. */
import { z } from 'zod';
import type { JsonSchema } from './problems.ts';

/** Definitions that may be written `5_000`, which editors' YAML takes for text and ours for a number. */
const GROUPED = ['count', 'positive', 'whole'];

/** Draft 7: the newest that YAML editors know in full. */
export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  const made = z.toJSONSchema(schema, {
    target: 'draft-7',
    io: 'input',
    override: ({ jsonSchema }) => {
      if (!GROUPED.includes(String(jsonSchema.id))) return;
      const { minimum } = jsonSchema;
      delete jsonSchema.type;
      delete jsonSchema.minimum;
      delete jsonSchema.maximum;
      jsonSchema.anyOf = [
        { type: 'integer', ...(minimum === undefined || minimum < 0 ? {} : { minimum }) },
        { type: 'string', pattern: `^${minimum === undefined || minimum < 0 ? '-?' : ''}[0-9]{1,3}(_[0-9]{3})+$` },
      ];
    },
  });
  return made as JsonSchema;
}
