import { Button, Group, Modal, TagsInput, Textarea, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { FailureNote, fieldError } from "../app/FailureNote";
import { useAction } from "../app/requests";
import { UpdateSlideDocument } from "../gql/graphql";

interface Props {
  readonly slide: {
    readonly id: string;
    readonly name: string;
    readonly description: string;
    readonly tags: readonly string[];
  };
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Name, description and tags of a slide. */
export function DescribeSlide({ slide, onClose, onDone }: Props) {
  const { t } = useTranslation();
  const { run, busy, failure } = useAction(UpdateSlideDocument);
  const [name, setName] = useState(slide.name);
  const [description, setDescription] = useState(slide.description);
  const [tags, setTags] = useState<string[]>([...slide.tags]);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (await run({ id: slide.id, name: name.trim(), description: description.trim(), tags })) onDone();
  };
  return (
    <Modal opened onClose={onClose} title={t("grid.editTitle")} closeButtonProps={{ "aria-label": t("common.close") }}>
      <form onSubmit={submit}>
        <TextInput
          data-autofocus
          required
          withAsterisk={false}
          maxLength={255}
          label={t("grid.name")}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={fieldError(failure, "name")}
        />
        <Textarea
          mt="sm"
          autosize
          minRows={2}
          maxRows={8}
          label={t("grid.description")}
          value={description}
          onChange={(event) => setDescription(event.currentTarget.value)}
          error={fieldError(failure, "description")}
        />
        <TagsInput
          mt="sm"
          label={t("grid.tags")}
          description={t("grid.tagsHint")}
          value={tags}
          onChange={setTags}
          error={fieldError(failure, "tags")}
        />
        <FailureNote failure={failure} except={["name", "description", "tags"]} mt="md" />
        <Group justify="flex-end" mt="lg" gap="xs">
          <Button variant="default" onClick={onClose}>
            {t("common.cancel")}
          </Button>
          <Button type="submit" loading={busy} disabled={!name.trim()}>
            {t("common.save")}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
