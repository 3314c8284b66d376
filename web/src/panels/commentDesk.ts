/** The threads of comments of an open slide: kept fresh, and what can be done with them. */
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { type Client, useClient } from "urql";
import { type Failure, failureOf } from "../app/failure";
import { send } from "../app/requests";
import { useSession } from "../app/session";
import { showToast } from "../app/toasts";
import { useObservable } from "../app/useObservable";
import {
  BeginCommentThreadDocument,
  CommentThreadsDocument,
  DeleteCommentDocument,
  EditCommentDocument,
  ReplyToCommentThreadDocument,
  ResolveCommentThreadDocument,
  type ThreadFieldsFragment,
} from "../gql/graphql";
import type { Position } from "../model/annotation";
import { newId } from "../model/ids";
import { Value } from "../model/observable";
import type { SlideSession } from "../viewer/facade";

export type Thread = ThreadFieldsFragment;
export type Comment = Thread["comments"][number];

/** Where a thread that is being begun belongs. */
export interface Place {
  readonly position: Position;
  readonly annotationId: string | null;
}

export interface CommentDesk {
  /** The oldest first; a thread keeps its number. */
  readonly threads: readonly Thread[];
  readonly loading: boolean;
  readonly failure: Failure | null;
  readonly chosen: string | null;
  readonly choose: (threadId: string | null) => void;
  /** A thread is about to be begun here. */
  readonly place: Place | null;
  readonly putAt: (place: Place | null) => void;
  /** The next press on the slide says where. */
  readonly placing: boolean;
  readonly setPlacing: (placing: boolean) => void;
  readonly begin: (text: string, mentions: readonly string[]) => Promise<boolean>;
  readonly reply: (threadId: string, text: string, mentions: readonly string[]) => Promise<boolean>;
  readonly edit: (commentId: string, text: string, mentions: readonly string[]) => Promise<boolean>;
  readonly remove: (commentId: string) => Promise<boolean>;
  readonly resolve: (threadId: string, resolved: boolean) => Promise<boolean>;
}

const NO_REVISION = new Value(0);

export function useCommentDesk(slideId: string, session: SlideSession | null): CommentDesk {
  const { t } = useTranslation();
  const client = useClient();
  const { me } = useSession();
  const revision = useObservable(session?.commentsRevision ?? NO_REVISION);
  const [threads, setThreads] = useState<readonly Thread[] | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [chosen, choose] = useState<string | null>(null);
  const [place, putAt] = useState<Place | null>(null);
  const [placing, setPlacing] = useState(false);
  const seen = useRef<ReadonlySet<string> | null>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: whoever commented, the revision says that the threads are old
  useEffect(() => {
    let over = false;
    allThreads(client, slideId)
      .then((fresh) => {
        if (over) return;
        setThreads(fresh);
        setFailure(null);
      })
      .catch((error: unknown) => !over && setFailure(failureOf(error)));
    return () => {
      over = true;
    };
  }, [client, slideId, revision]);

  useEffect(() => {
    if (threads === null) return;
    const mine = threads.flatMap((thread) =>
      thread.comments
        .filter((comment) => comment.mentions.some(({ id }) => id === me.user.id))
        .map((comment) => ({ thread, comment })),
    );
    const known = seen.current;
    seen.current = new Set(mine.map(({ comment }) => comment.id));
    const fresh = known && mine.find(({ comment }) => !known.has(comment.id) && comment.author?.id !== me.user.id);
    if (!fresh) return;
    const name = fresh.comment.author?.name ?? t("common.someone");
    showToast(t("comments.mentionedYou", { name }), {
      action: { label: t("comments.show"), run: () => choose(fresh.thread.id) },
    });
  }, [threads, me.user.id, t]);

  /** Does it, and shows what the server made of it without waiting for the event. */
  const change = useCallback(async (sent: Promise<Thread>) => {
    try {
      const thread = await sent;
      setThreads((all) => withThread(all ?? [], thread));
      setFailure(null);
      return true;
    } catch (error) {
      setFailure(failureOf(error));
      return false;
    }
  }, []);

  const clientId = session?.clientId ?? "";
  return useMemo(() => {
    const origin = () => ({ clientId, mutationId: newId() });
    const begin = async (text: string, mentions: readonly string[]) => {
      if (place === null) return false;
      const [x, y] = place.position;
      const threadId = newId();
      const { annotationId } = place;
      const input = { ...origin(), slideId, threadId, commentId: newId(), x, y, annotationId, text, mentions };
      if (!(await change(send(client, BeginCommentThreadDocument, { input })))) return false;
      putAt(null);
      choose(threadId);
      return true;
    };
    return {
      threads: threads ?? [],
      loading: threads === null && failure === null,
      failure,
      chosen,
      choose,
      place,
      putAt,
      placing,
      setPlacing,
      begin,
      reply: (threadId, text, mentions) => {
        const input = { ...origin(), threadId, commentId: newId(), text, mentions };
        return change(send(client, ReplyToCommentThreadDocument, { input }));
      },
      edit: (commentId, text, mentions) =>
        change(send(client, EditCommentDocument, { input: { ...origin(), commentId, text, mentions } })),
      remove: (commentId) => change(send(client, DeleteCommentDocument, { input: { ...origin(), commentId } })),
      resolve: (threadId, resolved) =>
        change(send(client, ResolveCommentThreadDocument, { input: { ...origin(), threadId, resolved } })),
    };
  }, [client, slideId, clientId, threads, failure, chosen, place, placing, change]);
}

async function allThreads(client: Client, slideId: string): Promise<readonly Thread[]> {
  const threads: Thread[] = [];
  let after: string | null = null;
  do {
    const context = { requestPolicy: "network-only" } as const;
    const answer = await client.query(CommentThreadsDocument, { slideId, after }, context).toPromise();
    if (answer.error) throw answer.error;
    const page: NonNullable<typeof answer.data>["commentThreads"] | undefined = answer.data?.commentThreads;
    threads.push(...(page?.nodes ?? []));
    after = page?.pageInfo.hasNextPage ? (page.pageInfo.endCursor ?? null) : null;
  } while (after !== null);
  return threads;
}

/** The threads with this one in its place, or at the end. */
function withThread(threads: readonly Thread[], thread: Thread): readonly Thread[] {
  if (!threads.some(({ id }) => id === thread.id)) return [...threads, thread];
  return threads.map((each) => (each.id === thread.id ? thread : each));
}
