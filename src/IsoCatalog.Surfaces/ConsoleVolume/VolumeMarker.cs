using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;
using Microsoft.Extensions.Logging;

namespace IsoCatalog.Surfaces.ConsoleVolume;

/// <summary>
/// How a folder proves, at every call, that it is the volume and not the empty mount point under it: by a file with a random id, kept by the
/// appliance as well. A folder that was never seen is marked when it is empty; from then on only the same id will do.
/// </summary>
internal sealed class VolumeMarker(
    string surface, VolumeFolder folder, string? expected, Func<string, CancellationToken, Task>? remember, ILogger? logger)
{
    /// <summary>The volume's id; null until it was first seen.</summary>
    public string? Id { get; private set; } = expected;

    /// <summary>Null when the folder is there, is ours and can be written to.</summary>
    public async Task<SurfaceOutcome.Refused?> AbsenceAsync(CancellationToken cancellationToken)
    {
        if (FileIdentity.KindOf(folder.Path + "/.") != FileKind.Folder)
        {
            return new(ReasonCode.SurfaceMissing, $"There is no folder {folder.Path}. Create it or mount it.", Retryable: true);
        }

        string? id;
        if (folder.ReadMarker() is not { } marker)
        {
            if (Id is not null)
            {
                return new(
                    ReasonCode.SurfaceMissing,
                    $"{folder.Path} is there but is not the volume of {surface}: is it mounted? Its marker {VolumeFolder.HiddenName}/volume is missing. "
                    + $"If it is a new volume, write the line \"surface: {surface}\" into {folder.Hidden}/volume.",
                    Retryable: true);
            }

            if (folder.VisibleNames(1).Any())
            {
                return new(
                    ReasonCode.ForeignFile,
                    $"{folder.Path} has files in it and was never used by {surface}. Give it an empty folder, or agree to share this one: "
                    + $"write the line \"surface: {surface}\" into {folder.Hidden}/volume.",
                    Retryable: true);
            }

            id = null;
        }
        else if (marker.Surface != surface || (Id is not null && marker.Id is not null && marker.Id != Id))
        {
            return new(
                ReasonCode.SurfaceMissing,
                $"{folder.Path} is another volume (its marker says {marker.Surface}, {marker.Id}) than that of {surface} ({Id ?? "never seen"}). "
                + "Mount the right one; two surfaces cannot share a folder.",
                Retryable: true);
        }
        else
        {
            id = marker.Id;
        }

        if (WriteRefusal() is { } refusal)
        {
            return refusal;
        }

        await TakeMarkerAsync(id, cancellationToken);
        return null;
    }

    private async Task TakeMarkerAsync(string? id, CancellationToken cancellationToken)
    {
        if (id is null)
        {
            id = folder.WriteMarker(surface);
            if (logger is not null)
            {
                Log.Marked(logger, surface, folder.Path, id);
            }
        }

        if (id != Id)
        {
            if (remember is not null)
            {
                await remember(id, cancellationToken);
            }

            Id = id;
        }
    }

    private SurfaceOutcome.Refused? WriteRefusal() =>
        FreeSpace.Of(folder.Path).ReadOnly
            ? new(ReasonCode.SurfaceReadOnly, $"{folder.Path} is mounted read-only. Mount it read-write on the appliance's host.", Retryable: true)
            : Libc.Access(Libc.AtFdCwd, folder.Path, Libc.MayWriteAndSearch, Libc.AtEffectiveAccess) != 0
                ? new(ReasonCode.SurfaceReadOnly, $"The appliance may not write to {folder.Path}. Give its user the right to.", Retryable: true)
                : null;
}
