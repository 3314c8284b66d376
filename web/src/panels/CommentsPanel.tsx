import { Button, SegmentedControl, Skeleton } from "@mantine/core";
import { IconMessagePlus } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { FailureNote } from "../app/FailureNote";
import { useSession } from "../app/session";
import annotations from "./AnnotationsPanel.module.css";
import { CommentForm } from "./CommentForm";
import styles from "./Comments.module.css";
import { CommentThread } from "./CommentThread";
import type { Thread } from "./commentDesk";
import panel from "./panel.module.css";
import { useOpenSlide } from "./slideContext";

const SHOWN = ["open", "resolved", "mine"] as const;
type Shown = (typeof SHOWN)[number];

/** What people say about this slide, thread by thread. */
export function CommentsPanel() {
  const { t } = useTranslation();
  const { me } = useSession();
  const { comments: desk, canDraw } = useOpenSlide();
  const [shown, setShown] = useState<Shown>("open");
  const numbered = desk.threads.map((thread, index) => ({ thread, number: index + 1 }));
  const fitting = numbered.filter(({ thread }) => thread.id === desk.chosen || fits(thread, shown, me.user.id));
  const none = desk.threads.length === 0 && desk.place === null;
  return (
    <div className={styles.panel}>
      <div className={styles.top}>
        <SegmentedControl
          size="xs"
          fullWidth
          aria-label={t("comments.show")}
          value={shown}
          onChange={(value) => setShown(value as Shown)}
          data={SHOWN.map((each) => ({ value: each, label: t(`comments.filter.${each}`) }))}
        />
        {canDraw && (
          <Button
            size="xs"
            variant={desk.placing ? "filled" : "default"}
            aria-pressed={desk.placing}
            aria-keyshortcuts="c"
            leftSection={<IconMessagePlus size={15} />}
            onClick={() => desk.setPlacing(!desk.placing)}
          >
            {desk.placing ? t("comments.placing") : t("comments.new")}
          </Button>
        )}
        <FailureNote failure={desk.failure} />
      </div>
      {desk.place && (
        <section className={styles.thread} data-open aria-label={t("comments.new")}>
          <CommentForm
            autoFocus
            key={desk.place.position.join()}
            label={t("comments.write")}
            verb={t("comments.send")}
            onSend={desk.begin}
            onCancel={() => desk.putAt(null)}
          />
        </section>
      )}
      {desk.loading && <Skeleton height={90} radius="lg" />}
      {!desk.loading && none && (
        <div className={annotations.empty}>
          <strong>{t("comments.emptyTitle")}</strong>
          <p>{canDraw ? t("comments.emptyText") : t("comments.emptyViewer")}</p>
        </div>
      )}
      {!none && fitting.length === 0 && desk.place === null && <p className={panel.hint}>{t("comments.noneSo")}</p>}
      <ul className={styles.threads}>
        {fitting.map(({ thread, number }) => (
          <CommentThread key={thread.id} thread={thread} number={number} />
        ))}
      </ul>
    </div>
  );
}

function fits(thread: Thread, shown: Shown, myId: string): boolean {
  switch (shown) {
    case "open":
      return thread.resolvedAt === null;
    case "resolved":
      return thread.resolvedAt !== null;
    case "mine":
      return thread.comments.some(
        (comment) => comment.author?.id === myId || comment.mentions.some(({ id }) => id === myId),
      );
  }
}
