import { ActionIcon, Menu } from "@mantine/core";
import { IconDotsVertical, IconPencil, IconTags, IconTrash, IconUsers } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { Link } from "wouter";
import { AvatarStack } from "../app/Avatar";
import { ConfirmDialog } from "../app/ConfirmDialog";
import { projectPath } from "../app/paths";
import { useAction } from "../app/requests";
import { showToast } from "../app/toasts";
import { DeleteProjectDocument, type ProjectCardFragment, ProjectPreviewDocument } from "../gql/graphql";
import { formatAgo } from "../i18n/format";
import { MembersDialog } from "./MembersDialog";
import styles from "./ProjectCard.module.css";
import { ProjectForm } from "./ProjectForm";
import { manages } from "./roles";
import { TermsDialog } from "./TermsDialog";

interface Props {
  readonly project: ProjectCardFragment;
  readonly onChanged: () => void;
}

type Dialog = "rename" | "members" | "terms" | "delete";

export function ProjectCard({ project, onChanged }: Props) {
  const { t } = useTranslation();
  const [dialog, setDialog] = useState<Dialog | null>(null);
  const close = () => setDialog(null);
  const changed = () => {
    close();
    onChanged();
  };
  return (
    <li className={styles.card}>
      <Preview projectId={project.id} empty={project.slideCount === 0} />
      <div className={styles.body}>
        <h2 className={styles.name}>
          <Link href={projectPath(project.id)} className={styles.link}>
            {project.name}
          </Link>
        </h2>
        <p className={styles.description}>{project.description || formatAgo(project.createdAt)}</p>
        <div className={styles.foot}>
          <span>
            {t("projects.slides", { count: project.slideCount })} ·{" "}
            {t("projects.annotations", { count: project.annotationCount })}
          </span>
          <AvatarStack people={project.members.map((member) => member.user)} size={22} />
        </div>
      </div>
      <div className={styles.menu}>
        <ProjectMenu project={project} onChoose={setDialog} />
      </div>
      {dialog === "rename" && <ProjectForm project={project} onClose={close} onDone={changed} />}
      {dialog === "members" && <MembersDialog projectId={project.id} onClose={changed} />}
      {dialog === "terms" && <TermsDialog projectId={project.id} onClose={close} />}
      {dialog === "delete" && <DeleteProject project={project} onClose={close} onDone={changed} />}
    </li>
  );
}

interface MenuProps {
  readonly project: ProjectCardFragment;
  readonly onChoose: (dialog: Dialog) => void;
}

function ProjectMenu({ project, onChoose }: MenuProps) {
  const { t } = useTranslation();
  return (
    <Menu width={210}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={t("projects.menu", { name: project.name })}>
          <IconDotsVertical size={17} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconUsers size={16} />} onClick={() => onChoose("members")}>
          {t("projects.members")}
        </Menu.Item>
        <Menu.Item leftSection={<IconTags size={16} />} onClick={() => onChoose("terms")}>
          {t("projects.terms")}
        </Menu.Item>
        {manages(project.myRole) && (
          <Menu.Item leftSection={<IconPencil size={16} />} onClick={() => onChoose("rename")}>
            {t("projects.rename")}
          </Menu.Item>
        )}
        {project.myRole === "OWNER" && (
          <>
            <Menu.Divider />
            <Menu.Item color="var(--danger)" leftSection={<IconTrash size={16} />} onClick={() => onChoose("delete")}>
              {t("projects.delete")}
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

interface DeleteProps {
  readonly project: ProjectCardFragment;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

function DeleteProject({ project, onClose, onDone }: DeleteProps) {
  const { t } = useTranslation();
  const { run, busy, failure } = useAction(DeleteProjectDocument);
  const remove = async () => {
    if (!(await run({ id: project.id }))) return;
    showToast(t("projects.deleted", { name: project.name }));
    onDone();
  };
  return (
    <ConfirmDialog
      title={t("projects.deleteTitle", { name: project.name })}
      text={t("projects.deleteText", { count: project.slideCount })}
      verb={t("projects.delete")}
      phrase={project.slideCount > 0 ? { label: t("projects.deleteConfirm"), value: project.name } : undefined}
      busy={busy}
      failure={failure}
      onConfirm={remove}
      onClose={onClose}
    />
  );
}

/** The first three slides, side by side. */
function Preview({ projectId, empty }: { readonly projectId: string; readonly empty: boolean }) {
  const { t } = useTranslation();
  const [{ data }] = useQuery({ query: ProjectPreviewDocument, variables: { id: projectId }, pause: empty });
  const slides = data?.slides.nodes ?? [];
  return (
    <div className={styles.preview} data-empty={empty || undefined}>
      {empty && <span>{t("projects.noSlides")}</span>}
      {slides.map((slide) => (
        <img key={slide.id} src={slide.thumbnailUrl} alt="" loading="lazy" />
      ))}
    </div>
  );
}
