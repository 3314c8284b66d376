import { ActionIcon, Button } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import type { PathFile } from "../app/slideFiles";
import { showFailure } from "../app/toasts";
import type { Upload } from "../app/uploads";
import { uploads } from "../app/uploads";
import { useObservable } from "../app/useObservable";
import { ProjectUploadsDocument } from "../gql/graphql";
import { formatBytes, formatPercent } from "../i18n/format";
import { FilePicker } from "./FilePicker";
import styles from "./UploadCard.module.css";

interface Props {
  readonly projectId: string;
  readonly onFiles: (files: readonly PathFile[]) => void;
}

/** What an earlier visit has begun to send: a browser may not open the file again by itself, but goes on where it stopped once it is chosen. */
export function UnfinishedUploads({ projectId, onFiles }: Props) {
  const { t } = useTranslation();
  const mine = useObservable(uploads);
  const [{ data }, reload] = useQuery({
    query: ProjectUploadsDocument,
    variables: { projectId },
    requestPolicy: "cache-and-network",
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: an upload that began or ended may have been one of these
  useEffect(() => reload({ requestPolicy: "network-only" }), [mine.length, reload]);
  const known = new Set(mine.map(uploadIdOf));
  const left = data?.uploads.filter(({ id, status, offset, length }) => {
    return status === "RECEIVING" && offset < length && !known.has(id);
  });
  if (!left || left.length === 0) return null;
  const remove = async (id: string) => {
    const { removeUpload } = await import("../sync/uploads");
    await removeUpload(id).catch(showFailure);
    reload({ requestPolicy: "network-only" });
  };
  return (
    <ul className={styles.files} aria-label={t("upload.unfinished")}>
      {left.map(({ id, filename, offset, length }) => (
        <li key={id} className={styles.file}>
          <div className={styles.line}>
            <span className={styles.name} title={filename}>
              {filename}
            </span>
            <ActionIcon
              variant="subtle"
              color="gray"
              size="sm"
              aria-label={t("upload.abort", { name: filename })}
              onClick={() => remove(id)}
            >
              <IconX size={15} />
            </ActionIcon>
          </div>
          <p className={styles.unfinished}>
            {t("upload.stopped", {
              percent: formatPercent(offset / length),
              sent: formatBytes(offset),
              total: formatBytes(length),
            })}
          </p>
          <FilePicker onFiles={onFiles}>
            {(open) => (
              <Button size="compact-xs" variant="light" onClick={open}>
                {t("upload.goOn", { name: filename })}
              </Button>
            )}
          </FilePicker>
        </li>
      ))}
    </ul>
  );
}

const uploadIdOf = (upload: Upload): string | null => upload.task.state.getSnapshot().uploadId;
