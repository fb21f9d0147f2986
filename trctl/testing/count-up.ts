/** For tests only: counts a note up, in competition with others. Arguments: kind of coordinator, its place, how often. */
import { randomUUID } from 'node:crypto';
import { FileCoordinator } from '../coordinator/file.ts';
import { openS3Coordinator } from '../coordinator/s3.ts';

const [, , kind, place = '', times = '0'] = process.argv;
const coordinator =
  kind === 'file'
    ? new FileCoordinator(place)
    : await openS3Coordinator({ bucket: place, endpoint: undefined }, process.env);
const board = coordinator.board('count');
for (let done = 0; done < Number(times);) {
  const note = await board.read('number');
  const text = `${Number(note?.text.split(' ')[0] ?? 0) + 1} ${randomUUID()}`;
  const tag = note === null ? await board.create('number', text) : await board.replace('number', text, note.tag);
  if (tag !== null || (await board.read('number'))?.text === text) done += 1;
}
process.exit(0);
