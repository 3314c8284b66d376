import { Button } from "@mantine/core";
import { IconFolderOff, IconTags, IconUpload, IconUsers } from "@tabler/icons-react";
import { type DragEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useClient, useQuery } from "urql";
import { Link } from "wouter";
import { AppBar } from "../app/AppBar";
import { EmptyState } from "../app/EmptyState";
import { failureOf } from "../app/failure";
import { HOME } from "../app/paths";
import { Refusal } from "../app/Refusal";
import { droppedFiles, type PathFile, slidesOf } from "../app/slideFiles";
import { showFailure, showToast } from "../app/toasts";
import { uploadFiles } from "../app/uploads";
import { ProjectDocument, type ProjectQuery, ServerDocument } from "../gql/graphql";
import { formatBytes } from "../i18n/format";
import { FilePicker } from "./FilePicker";
import { MembersDialog } from "./MembersDialog";
import page from "./ProjectsPage.module.css";
import { manages } from "./roles";
import { SearchBox } from "./SearchBox";
import { SlideList } from "./SlideList";
import { TermsDialog } from "./TermsDialog";

type Project = NonNullable<ProjectQuery["project"]>;

/** The slides of one project. */
export function ProjectPage({ projectId }: { readonly projectId: string }) {
  const { t } = useTranslation();
  const [{ data, error, fetching }, reload] = useQuery({
    query: ProjectDocument,
    variables: { id: projectId },
    requestPolicy: "cache-and-network",
  });
  const refresh = () => reload({ requestPolicy: "network-only" });
  const project = data?.project;
  if (project) return <LoadedProject project={project} onChanged={refresh} />;
  const failure = error && failureOf(error);
  return (
    <div className={page.page}>
      <AppBar crumbs={[{ label: t("projects.title"), href: HOME }]} />
      {failure && failure.code !== "NOT_FOUND" && (
        <Refusal title={t("grid.failed")} failure={failure} onRetry={refresh} />
      )}
      {!fetching && (failure?.code === "NOT_FOUND" || (data && !project)) && (
        <EmptyState icon={<IconFolderOff />} title={t("grid.failed")} text={t("grid.notFound")}>
          <Button component={Link} href={HOME}>
            {t("grid.toProjects")}
          </Button>
        </EmptyState>
      )}
    </div>
  );
}

interface LoadedProps {
  readonly project: Project;
  readonly onChanged: () => void;
}

function LoadedProject({ project, onChanged }: LoadedProps) {
  const { t } = useTranslation();
  const [search, setSearch] = useState("");
  const [dialog, setDialog] = useState<"members" | "terms" | null>(null);
  const [slidesRevision, setSlidesRevision] = useState(0);
  const [{ data: serverData }] = useQuery({ query: ServerDocument });
  const client = useClient();
  const canManage = manages(project.myRole);
  const limit = serverData?.server.uploadMaxBytes ?? Number.POSITIVE_INFINITY;

  const changed = () => {
    setSlidesRevision((revision) => revision + 1);
    onChanged();
  };
  const take = (files: readonly PathFile[]) => {
    const slides = slidesOf(files);
    const fits = (file: File) => file.size <= limit && (file.size > 0 || slides.length < files.length);
    for (const [file] of slides.filter((slide) => slide.length === 1)) {
      if (!file) continue;
      if (file.size === 0) showToast(t("upload.empty", { name: file.name }), { tone: "warning" });
      else if (file.size > limit) {
        const sizes = { name: file.name, size: formatBytes(file.size), limit: formatBytes(limit) };
        showToast(t("upload.tooLarge", sizes), { tone: "warning" });
      }
    }
    uploadFiles(
      client,
      slides.filter((slide) => slide.every(fits)),
      project.id,
      changed,
    ).catch(showFailure);
  };
  const { over, handlers } = useFileDrop(canManage, take);

  return (
    <div className={page.page} {...handlers}>
      <title>{`${project.name} · Coslide`}</title>
      <AppBar
        crumbs={[{ label: t("projects.title"), href: HOME }, { label: project.name }]}
        center={<SearchBox value={search} onChange={setSearch} />}
        right={
          <>
            <Button
              variant="default"
              visibleFrom="md"
              leftSection={<IconTags size={16} />}
              onClick={() => setDialog("terms")}
            >
              {t("projects.terms")}
            </Button>
            <Button
              variant="default"
              visibleFrom="sm"
              leftSection={<IconUsers size={16} />}
              onClick={() => setDialog("members")}
            >
              {t("members.open", { count: project.members.length })}
            </Button>
            {canManage && (
              <FilePicker onFiles={take}>
                {(open) => (
                  <Button leftSection={<IconUpload size={16} />} onClick={open}>
                    {t("grid.upload")}
                  </Button>
                )}
              </FilePicker>
            )}
          </>
        }
      />
      <main className={page.main}>
        <SlideList
          project={project}
          search={search}
          revision={slidesRevision}
          over={over}
          onSearch={setSearch}
          onFiles={take}
          onChanged={changed}
        />
      </main>
      {dialog === "members" && (
        <MembersDialog
          projectId={project.id}
          onClose={() => {
            setDialog(null);
            onChanged();
          }}
        />
      )}
      {dialog === "terms" && <TermsDialog projectId={project.id} onClose={() => setDialog(null)} />}
    </div>
  );
}

/** The whole page takes dropped files. */
function useFileDrop(enabled: boolean, onFiles: (files: readonly PathFile[]) => void) {
  const [over, setOver] = useState(false);
  const depth = useRef(0);
  const carriesFiles = (event: DragEvent) => enabled && event.dataTransfer.types.includes("Files");
  const handlers = {
    onDragEnter: (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      depth.current += 1;
      setOver(true);
    },
    onDragOver: (event: DragEvent) => {
      if (carriesFiles(event)) event.preventDefault();
    },
    onDragLeave: (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      depth.current -= 1;
      if (depth.current === 0) setOver(false);
    },
    onDrop: (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      depth.current = 0;
      setOver(false);
      droppedFiles(event.dataTransfer).then(onFiles, showFailure);
    },
  };
  return { over, handlers };
}
