import { ActionIcon, Menu } from "@mantine/core";
import { IconArrowBackUp, IconCheck, IconDotsVertical, IconFocus2, IconPencil, IconTrash } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Avatar } from "../app/Avatar";
import { useSession } from "../app/session";
import { useObservable } from "../app/useObservable";
import { formatAgo } from "../i18n/format";
import { termsById } from "../model/terms";
import { CommentForm } from "./CommentForm";
import styles from "./Comments.module.css";
import type { Comment, Thread } from "./commentDesk";
import { partsOf } from "./mentions";
import { useOpenSlide } from "./slideContext";
import { useNow } from "./useNow";

interface Props {
  readonly thread: Thread;
  readonly number: number;
}

/** One thread: its first words until it is chosen, then all of it and a field to reply in. */
export function CommentThread({ thread, number }: Props) {
  const { t } = useTranslation();
  const { comments: desk, canDraw, workbench } = useOpenSlide();
  const open = desk.chosen === thread.id;
  const card = useRef<HTMLLIElement>(null);
  const resolved = thread.resolvedAt !== null;
  const [first, ...replies] = thread.comments;
  const name = t("comments.thread", { number });
  useEffect(() => {
    if (open) card.current?.scrollIntoView({ block: "nearest" });
  }, [open]);
  if (!first) return null;
  const choose = () => {
    desk.choose(open ? null : thread.id);
    if (!open) workbench.panTo([thread.x, thread.y]);
  };
  return (
    <li ref={card} className={styles.thread} data-open={open || undefined} data-resolved={resolved || undefined}>
      <div className={styles.head}>
        <button type="button" className={styles.title} aria-expanded={open} onClick={choose}>
          <span className={styles.number}>{number}</span>
          <span className="visually-hidden">{name}</span>
          <About thread={thread} />
        </button>
        <ActionIcon
          variant="subtle"
          color="gray"
          size="sm"
          aria-label={t("comments.goTo", { number })}
          title={t("comments.goTo", { number })}
          onClick={() => workbench.panTo([thread.x, thread.y])}
        >
          <IconFocus2 size={15} />
        </ActionIcon>
        {canDraw && (
          <ActionIcon
            variant="subtle"
            color={resolved ? "gray" : "teal"}
            size="sm"
            aria-label={resolved ? t("comments.reopen", { number }) : t("comments.resolve", { number })}
            title={resolved ? t("comments.reopen", { number }) : t("comments.resolve", { number })}
            onClick={() => desk.resolve(thread.id, !resolved)}
          >
            {resolved ? <IconArrowBackUp size={15} /> : <IconCheck size={16} />}
          </ActionIcon>
        )}
      </div>
      <CommentView comment={first} clamp={!open} />
      {!open && replies.length > 0 && (
        <button type="button" className={styles.more} onClick={choose}>
          {t("comments.replies", { count: replies.length })}
        </button>
      )}
      {open && replies.map((comment) => <CommentView key={comment.id} comment={comment} />)}
      {resolved && (
        <p className={styles.resolved}>
          {t("comments.resolvedBy", { name: thread.resolvedBy?.name ?? t("common.someone") })}
        </p>
      )}
      {open && canDraw && (
        <CommentForm
          label={t("comments.replyTo", { number })}
          verb={t("comments.reply")}
          onSend={(text, mentions) => desk.reply(thread.id, text, mentions)}
        />
      )}
    </li>
  );
}

/** What the thread is about: an annotation by its term, or a place. */
function About({ thread }: { readonly thread: Thread }) {
  const { t } = useTranslation();
  const { session, terms } = useOpenSlide();
  const { byId } = useObservable(session.annotations);
  if (thread.annotationId === null) return <span className={styles.about}>{t("comments.aboutPlace")}</span>;
  const annotation = byId.get(thread.annotationId);
  if (!annotation) return <span className={styles.about}>{t("comments.aboutGone")}</span>;
  const term = termsById(terms).get(annotation.termId ?? "");
  return <span className={styles.about}>{term?.name ?? t(`annotations.kind.${annotation.kind}`)}</span>;
}

interface CommentProps {
  readonly comment: Comment;
  readonly clamp?: boolean;
}

function CommentView({ comment, clamp = false }: CommentProps) {
  const { t } = useTranslation();
  const { me } = useSession();
  const { comments: desk, canDraw, canManage } = useOpenSlide();
  const [editing, setEditing] = useState(false);
  const now = useNow();
  const { author } = comment;
  const mine = author?.id === me.user.id;
  const gone = comment.deletedAt !== null;
  const name = author?.name ?? t("common.someone");
  return (
    <div className={styles.comment}>
      {author && <Avatar person={author} size={22} />}
      <div className={styles.body}>
        <p className={styles.by}>
          <strong>{name}</strong> <span>{formatAgo(comment.createdAt, now)}</span>
          {comment.editedAt !== null && !gone && <span> · {t("comments.edited")}</span>}
        </p>
        {editing ? (
          <CommentForm
            autoFocus
            label={t("comments.edit")}
            verb={t("common.save")}
            initial={comment.text}
            onCancel={() => setEditing(false)}
            onSend={async (text, mentions) => {
              const kept = await desk.edit(comment.id, text, mentions);
              if (kept) setEditing(false);
              return kept;
            }}
          />
        ) : (
          <p className={styles.text} data-gone={gone || undefined} data-clamp={clamp || undefined}>
            {gone ? t("comments.deleted") : <Words comment={comment} myId={me.user.id} />}
          </p>
        )}
      </div>
      {!gone && !clamp && !editing && canDraw && (mine || canManage) && (
        <Menu width={150}>
          <Menu.Target>
            <ActionIcon variant="subtle" color="gray" size="xs" aria-label={t("comments.menu", { name })}>
              <IconDotsVertical size={14} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            {mine && (
              <Menu.Item leftSection={<IconPencil size={15} />} onClick={() => setEditing(true)}>
                {t("comments.edit")}
              </Menu.Item>
            )}
            <Menu.Item
              color="var(--danger)"
              leftSection={<IconTrash size={15} />}
              onClick={() => desk.remove(comment.id)}
            >
              {t("comments.delete")}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
    </div>
  );
}

function Words({ comment, myId }: { readonly comment: Comment; readonly myId: string }) {
  return partsOf(comment.text, comment.mentions).map((part) =>
    part.kind === "text" ? (
      part.text
    ) : (
      <mark key={part.at} className={styles.mention} data-me={part.person.id === myId || undefined}>
        @{part.person.name}
      </mark>
    ),
  );
}
