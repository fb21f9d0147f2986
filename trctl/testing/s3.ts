/** For tests only: the S3 server of this repository, started as the program that it is, with a bucket. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import path from 'node:path';

const MAIN = path.join(import.meta.dirname, '..', '..', 'dist', 'src', 'stores', 's3', 'main.js');
const ACCESS_KEY = 'test';

export class TestS3 implements AsyncDisposable {
  readonly bucket = 'trctl-test';
  /** For programs that use it. */
  readonly env: Readonly<Record<string, string>>;
  readonly #process: ChildProcess;

  private constructor(port: number, child: ChildProcess) {
    this.env = {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: ACCESS_KEY,
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    };
    this.#process = child;
  }

  static async start(): Promise<TestS3> {
    const child = spawn(process.execPath, [MAIN, '--port', '0', '--access-key', ACCESS_KEY], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const port = await new Promise<number>((resolve, reject) => {
      child.once('exit', (code) =>
        reject(new Error(`the S3 server ended with ${code ?? 'a signal'}; run npx tsc -b first`)),
      );
      child.stdout.once('data', (line: Buffer) => resolve((JSON.parse(line.toString()) as { port: number }).port));
    });
    const server = new TestS3(port, child);
    // Here, so that it sees the environment: it warns of Node versions that it will drop one day.
    Object.assign(process.env, { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' });
    const { CreateBucketCommand, S3Client } = await import('@aws-sdk/client-s3');
    const client = new S3Client({
      endpoint: server.env.AWS_ENDPOINT_URL ?? '',
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId: ACCESS_KEY, secretAccessKey: 'secret' },
    });
    await client.send(new CreateBucketCommand({ Bucket: server.bucket }));
    client.destroy();
    return server;
  }

  get arguments(): string[] {
    return ['--coordinator', 's3', '--coordinator-s3-bucket', this.bucket];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGKILL');
    await ended;
  }
}
