import { Button, Group, Modal, Switch, Textarea, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { FailureNote, fieldError } from "../app/FailureNote";
import { useAction } from "../app/requests";
import { CreateProjectDocument, UpdateProjectDocument } from "../gql/graphql";

interface Props {
  /** Without one a new project is made. */
  readonly project?: {
    readonly id: string;
    readonly name: string;
    readonly description: string;
    readonly blind: boolean;
  };
  readonly onClose: () => void;
  readonly onDone: (project: { readonly id: string }) => void;
}

/** A project's settings: name, description, and whether annotators work blind; that is chosen once there is a project. */
export function ProjectForm({ project, onClose, onDone }: Props) {
  const { t } = useTranslation();
  const create = useAction(CreateProjectDocument);
  const update = useAction(UpdateProjectDocument);
  const { busy, failure } = project ? update : create;
  const [name, setName] = useState(project?.name ?? "");
  const [description, setDescription] = useState(project?.description ?? "");

  const [blind, setBlind] = useState(project?.blind ?? false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const text = { name: name.trim(), description: description.trim() };
    const done = project ? await update.run({ id: project.id, ...text, blind }) : await create.run(text);
    if (done) onDone(done);
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={project ? t("projects.editTitle") : t("projects.createTitle")}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <form onSubmit={submit}>
        <TextInput
          data-autofocus
          required
          withAsterisk={false}
          maxLength={120}
          label={t("projects.name")}
          placeholder={t("projects.namePlaceholder")}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={fieldError(failure, "name")}
        />
        <Textarea
          mt="sm"
          autosize
          minRows={2}
          maxRows={6}
          label={t("projects.description")}
          placeholder={t("projects.descriptionPlaceholder")}
          value={description}
          onChange={(event) => setDescription(event.currentTarget.value)}
          error={fieldError(failure, "description")}
        />
        {project && (
          <Switch
            mt="md"
            label={t("projects.blind")}
            description={t("projects.blindText")}
            checked={blind}
            onChange={(event) => setBlind(event.currentTarget.checked)}
          />
        )}
        <FailureNote failure={failure} except={["name", "description"]} mt="md" />
        <Group justify="flex-end" mt="lg" gap="xs">
          <Button variant="default" onClick={onClose}>
            {t("common.cancel")}
          </Button>
          <Button type="submit" loading={busy} disabled={!name.trim()}>
            {project ? t("common.save") : t("common.create")}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
