import { Badge, Button, Textarea } from "@mantine/core";
import { IconArrowBackUp, IconCheck, IconSend, IconX } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Annotation, ReviewState } from "../model/annotation";
import styles from "./SelectionCard.module.css";
import { useOpenSlide } from "./slideContext";

const COLORS: Readonly<Record<ReviewState, string>> = {
  DRAFT: "gray",
  PROPOSED: "blue",
  ACCEPTED: "green",
  REJECTED: "red",
};

/** Where the selected annotations stand in review, and the steps that this person may take with them. */
export function ReviewSection({ annotations }: { readonly annotations: readonly Annotation[] }) {
  const { t } = useTranslation();
  const { session, canDraw, canReview } = useOpenSlide();
  const [reason, setReason] = useState<string | null>(null);
  const [first] = annotations;
  if (!first) return null;
  const states = new Set(annotations.map(({ reviewState }) => reviewState));
  const closed = states.has("ACCEPTED");
  const step = (state: ReviewState, why?: string) => {
    const moving = annotations.filter(({ reviewState }) => reviewState !== state || why !== undefined);
    session.apply(
      moving.map(({ id, version }) => ({ type: "review", id, state, reason: why ?? null, expectedVersion: version })),
    );
    setReason(null);
  };
  return (
    <fieldset className={styles.attributes}>
      <legend>{t("review.title")}</legend>
      <div className={styles.reviewState}>
        {[...states].map((state) => (
          <Badge key={state} size="sm" variant="dot" tt="none" color={COLORS[state]}>
            {t(`review.state.${state}`)}
          </Badge>
        ))}
        {annotations.length === 1 && first.reviewedBy && <span>{first.reviewedBy.name}</span>}
      </div>
      {annotations.length === 1 && first.reviewReason && <p className={styles.reviewReason}>{first.reviewReason}</p>}
      {reason !== null && (
        <Textarea
          size="xs"
          autosize
          autoFocus
          maxLength={2000}
          label={t("review.reason")}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
      )}
      <div className={styles.actions}>
        {canDraw && !closed && !states.has("PROPOSED") && reason === null && (
          <Button size="xs" variant="default" leftSection={<IconSend size={15} />} onClick={() => step("PROPOSED")}>
            {t("review.propose")}
          </Button>
        )}
        {canDraw && states.size === 1 && states.has("PROPOSED") && !canReview && (
          <Button size="xs" variant="default" leftSection={<IconArrowBackUp size={15} />} onClick={() => step("DRAFT")}>
            {t("review.withdraw")}
          </Button>
        )}
        {canReview && !(states.size === 1 && closed) && reason === null && (
          <Button
            size="xs"
            variant="default"
            leftSection={<IconCheck size={15} color="var(--mantine-color-green-6)" />}
            onClick={() => step("ACCEPTED")}
          >
            {t("review.accept")}
          </Button>
        )}
        {canReview && !closed && (
          <Button
            size="xs"
            variant="default"
            leftSection={<IconX size={15} color="var(--mantine-color-red-6)" />}
            disabled={reason?.trim() === ""}
            onClick={() => (reason === null ? setReason("") : step("REJECTED", reason.trim()))}
          >
            {t("review.reject")}
          </Button>
        )}
        {reason !== null && (
          <Button size="xs" variant="default" onClick={() => setReason(null)}>
            {t("review.cancel")}
          </Button>
        )}
        {canReview && closed && (
          <Button
            size="xs"
            variant="default"
            leftSection={<IconArrowBackUp size={15} />}
            onClick={() => step("PROPOSED")}
          >
            {t("review.open")}
          </Button>
        )}
      </div>
    </fieldset>
  );
}
