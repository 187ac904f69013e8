import Docker from 'dockerode';

/** Whether the engine of these tests is Podman, whose facts some claims are told by. */
export const isPodman = async (): Promise<boolean> => 'BuildahVersion' in ((await new Docker().info()) as object);
