/** Wide values made fit for a report: the middle goes, both ends and the length stay. */

/** @param text any length. @param limit characters kept, about. */
export function cutMiddle(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const head = Math.ceil(limit * 0.7);
  const tail = limit - head;
  return `${whole(text.slice(0, head))}…[${text.length.toLocaleString('en-US')} characters]…${whole(text.slice(-tail))}`;
}

/** Half a surrogate pair at an edge would not survive being written. */
function whole(text: string): string {
  return text.replace(/^[\udc00-\udfff]|[\ud800-\udbff]$/g, '');
}
