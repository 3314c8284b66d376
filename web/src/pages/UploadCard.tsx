import { ActionIcon, Tooltip } from "@mantine/core";
import { IconPlayerPause, IconPlayerPlay, IconUpload, IconX } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { describeFailure } from "../app/failure";
import type { PathFile } from "../app/slideFiles";
import { showFailure } from "../app/toasts";
import { forgetUpload, type Upload, uploads } from "../app/uploads";
import { useObservable } from "../app/useObservable";
import type { Translate } from "../i18n";
import { formatBytes, formatDuration, formatPercent } from "../i18n/format";
import type { UploadState } from "../viewer/facade";
import { FilePicker } from "./FilePicker";
import { UnfinishedUploads } from "./UnfinishedUploads";
import styles from "./UploadCard.module.css";

interface Props {
  readonly projectId: string;
  /** Whether files hang over the page now. */
  readonly over: boolean;
  readonly onFiles: (files: readonly PathFile[]) => void;
}

/** Where slides are dropped, and how far each file is. */
export function UploadCard({ projectId, over, onFiles }: Props) {
  const { t } = useTranslation();
  const mine = useObservable(uploads).filter((upload) => upload.projectId === projectId);
  return (
    <div className={styles.card} data-over={over || undefined} data-empty={mine.length === 0 || undefined}>
      <div className={styles.head}>
        <IconUpload size={20} aria-hidden />
        <h2>{over ? t("grid.dropNow") : t("grid.drop")}</h2>
      </div>
      <p className={styles.formats}>{t("grid.formats")}</p>
      <FilePicker onFiles={onFiles}>
        {(open) => (
          <button type="button" className={styles.choose} onClick={open}>
            {t("grid.chooseLong")}
          </button>
        )}
      </FilePicker>
      <FilePicker folder onFiles={onFiles}>
        {(open) => (
          <button type="button" className={styles.choose} onClick={open}>
            {t("grid.chooseFolderLong")}
          </button>
        )}
      </FilePicker>
      <UnfinishedUploads projectId={projectId} onFiles={onFiles} />
      {mine.length > 0 && (
        <ul className={styles.files} aria-label={t("upload.title")}>
          {mine.map((upload) => (
            <UploadRow key={upload.id} upload={upload} />
          ))}
        </ul>
      )}
    </div>
  );
}

function UploadRow({ upload }: { readonly upload: Upload }) {
  const { t } = useTranslation();
  const state = useObservable(upload.task.state);
  const sent = state.totalBytes > 0 ? state.sentBytes / state.totalBytes : 0;
  const share = state.converted ?? sent;
  const name = state.filename;
  const abort = () => {
    forgetUpload(upload.id);
    upload.task.abort().catch(showFailure);
  };
  return (
    <li className={styles.file} data-phase={state.phase}>
      <div className={styles.line}>
        <span className={styles.name} title={name}>
          {name}
        </span>
        <Actions upload={upload} state={state} onAbort={abort} />
      </div>
      {state.phase === "failed" ? (
        <p className={styles.reason} role="alert">
          <strong>{t("upload.refused")}</strong> {state.error && describeFailure(state.error)}
        </p>
      ) : (
        <>
          <div
            className={styles.track}
            role="progressbar"
            aria-label={t("upload.progress", { name })}
            aria-valuenow={Math.round(share * 100)}
            aria-valuemin={0}
            aria-valuemax={100}
            data-checking={state.phase === "checking" || undefined}
          >
            <div style={{ width: `${share * 100}%` }} />
          </div>
          <div className={styles.figures}>
            <span>{phaseText(state, t)}</span>
            <span>{t("upload.of", { sent: formatBytes(state.sentBytes), total: formatBytes(state.totalBytes) })}</span>
          </div>
        </>
      )}
    </li>
  );
}

function phaseText(state: UploadState, t: Translate): string {
  switch (state.phase) {
    case "waiting":
      return t("upload.waiting");
    case "paused":
      return t("upload.paused");
    case "checking":
      return t("upload.checking");
    case "done":
      return t("upload.done");
    case "failed":
      return t("upload.refused");
    case "sending": {
      // The server looks at the file before it answers the last piece.
      if (state.sentBytes === state.totalBytes) {
        if (state.converted === null) return t("upload.checking");
        return t("upload.converting", { percent: formatPercent(state.converted) });
      }
      const speed =
        state.bytesPerSecond === null ? "" : t("upload.speed", { speed: formatBytes(state.bytesPerSecond) });
      const left = state.secondsLeft === null ? "" : t("upload.left", { time: formatDuration(state.secondsLeft) });
      return [speed, left].filter(Boolean).join(" · ") || t("upload.waiting");
    }
  }
}

interface ActionsProps {
  readonly upload: Upload;
  readonly state: UploadState;
  readonly onAbort: () => void;
}

function Actions({ upload, state, onAbort }: ActionsProps) {
  const { t } = useTranslation();
  const name = state.filename;
  switch (state.phase) {
    case "sending":
    case "waiting":
      return (
        <span className={styles.actions}>
          <Act
            label={t("upload.pause", { name })}
            icon={<IconPlayerPause size={15} />}
            onClick={() => upload.task.pause()}
          />
          <Act label={t("upload.abort", { name })} icon={<IconX size={15} />} onClick={onAbort} />
        </span>
      );
    case "paused":
      return (
        <span className={styles.actions}>
          <Act
            label={t("upload.resume", { name })}
            icon={<IconPlayerPlay size={15} />}
            onClick={() => upload.task.resume()}
          />
          <Act label={t("upload.abort", { name })} icon={<IconX size={15} />} onClick={onAbort} />
        </span>
      );
    case "failed":
    case "done":
      return (
        <span className={styles.actions}>
          <Act
            label={t("upload.dismiss", { name })}
            icon={<IconX size={15} />}
            onClick={() => forgetUpload(upload.id)}
          />
        </span>
      );
    case "checking":
      return null;
  }
}

interface ActProps {
  readonly label: string;
  readonly icon: ReactNode;
  readonly onClick: () => void;
}

function Act({ label, icon, onClick }: ActProps) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" size="sm" aria-label={label} onClick={onClick}>
        {icon}
      </ActionIcon>
    </Tooltip>
  );
}
