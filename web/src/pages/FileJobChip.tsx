import { Tooltip } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { describeFailure } from "../app/failure";
import type { FileJobFieldsFragment } from "../gql/graphql";
import { formatPercent } from "../i18n/format";
import styles from "./SlideCard.module.css";

/** How far the work on a slide's file is, or why it failed. */
export function FileJobChip({ job }: { readonly job: FileJobFieldsFragment }) {
  const { t } = useTranslation();
  const text = t(`fileJob.${job.kind}.${job.status}`, { percent: formatPercent(job.progress) });
  const chip = (
    <span className={styles.chip} data-state={job.status} tabIndex={job.error ? 0 : undefined}>
      {text}
    </span>
  );
  if (!job.error) return chip;
  return (
    <Tooltip label={describeFailure(job.error)} multiline w={280} events={{ hover: true, focus: true, touch: true }}>
      {chip}
    </Tooltip>
  );
}
