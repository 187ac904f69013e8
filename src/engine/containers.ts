import type Docker from 'dockerode';
import { statusOf } from './engine.ts';

export interface ListedContainer {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Containers, stopped ones too, that carry a label. */
export const listContainers = async (docker: Docker, label: string): Promise<ListedContainer[]> => {
  const listed = await docker.listContainers({ all: true, filters: { label: [label] } });
  return listed.map(({ Id, Names, Labels }) => ({ id: Id, name: (Names[0] ?? Id).replace(/^\//, ''), labels: Labels }));
};

/** Removes a container, running or not; one that is gone or going already is what was wanted. */
export const removeContainer = async (docker: Docker, id: string): Promise<void> => {
  try {
    await docker.getContainer(id).remove({ force: true, v: true });
  } catch (error) {
    if (statusOf(error) !== 404 && statusOf(error) !== 409) throw error;
  }
};
