import { Button, Skeleton } from "@mantine/core";
import { IconFolderPlus, IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { useLocation } from "wouter";
import { AppBar } from "../app/AppBar";
import { EmptyState } from "../app/EmptyState";
import { failureOf } from "../app/failure";
import { projectPath } from "../app/paths";
import { Refusal } from "../app/Refusal";
import { ProjectsDocument } from "../gql/graphql";
import { ProjectCard } from "./ProjectCard";
import { ProjectForm } from "./ProjectForm";
import styles from "./ProjectsPage.module.css";

/** Every project one is a member of. */
export function ProjectsPage() {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  const [after, setAfter] = useState<readonly string[]>([]);
  const [creating, setCreating] = useState(false);
  const [{ data, error }, reload] = useQuery({ query: ProjectsDocument, requestPolicy: "cache-and-network" });
  const projects = data?.projects;
  const refresh = () => reload({ requestPolicy: "network-only" });

  return (
    <div className={styles.page}>
      <title>{`${t("projects.title")} · Coslide`}</title>
      <AppBar crumbs={[{ label: t("projects.title") }]} />
      <main className={styles.main}>
        <div className={styles.head}>
          <div>
            <h1>{t("projects.title")}</h1>
            {projects && <p>{t("projects.summary", { count: projects.totalCount })}</p>}
          </div>
          <Button leftSection={<IconPlus size={16} />} onClick={() => setCreating(true)}>
            {t("projects.new")}
          </Button>
        </div>
        {error && !projects && <Refusal title={t("projects.failed")} failure={failureOf(error)} onRetry={refresh} />}
        {!error && !projects && <Placeholders />}
        {projects?.totalCount === 0 && (
          <EmptyState icon={<IconFolderPlus />} title={t("projects.emptyTitle")} text={t("projects.emptyText")}>
            <Button leftSection={<IconPlus size={16} />} onClick={() => setCreating(true)}>
              {t("projects.new")}
            </Button>
          </EmptyState>
        )}
        {projects && projects.totalCount > 0 && (
          <ul className={styles.grid}>
            {projects.nodes.map((project) => (
              <ProjectCard key={project.id} project={project} onChanged={refresh} />
            ))}
            {after.map((cursor) => (
              <FurtherProjects key={cursor} after={cursor} onChanged={refresh} />
            ))}
          </ul>
        )}
        <MoreButton first={projects?.pageInfo} after={after} onMore={(cursor) => setAfter([...after, cursor])} />
      </main>
      {creating && (
        <ProjectForm onClose={() => setCreating(false)} onDone={(project) => navigate(projectPath(project.id))} />
      )}
    </div>
  );
}

interface FurtherProps {
  readonly after: string;
  readonly onChanged: () => void;
}

/** One further page of cards, within the same grid. */
function FurtherProjects({ after, onChanged }: FurtherProps) {
  const [{ data }] = useQuery({ query: ProjectsDocument, variables: { after } });
  return data?.projects.nodes.map((project) => (
    <ProjectCard key={project.id} project={project} onChanged={onChanged} />
  ));
}

interface MoreProps {
  readonly first: { readonly hasNextPage: boolean; readonly endCursor?: string | null } | undefined;
  readonly after: readonly string[];
  readonly onMore: (cursor: string) => void;
}

function MoreButton({ first, after, onMore }: MoreProps) {
  const { t } = useTranslation();
  const last = after.at(-1);
  const [{ data }] = useQuery({ query: ProjectsDocument, variables: { after: last }, pause: last === undefined });
  const page = last === undefined ? first : data?.projects.pageInfo;
  const cursor = page?.hasNextPage ? page.endCursor : null;
  if (!cursor) return null;
  return (
    <Button variant="default" mx="auto" mt="xl" display="block" onClick={() => onMore(cursor)}>
      {t("common.showMore")}
    </Button>
  );
}

function Placeholders() {
  return (
    <div className={styles.grid} aria-busy="true">
      {[0, 1, 2].map((index) => (
        <Skeleton key={index} height={252} radius="xl" />
      ))}
    </div>
  );
}
