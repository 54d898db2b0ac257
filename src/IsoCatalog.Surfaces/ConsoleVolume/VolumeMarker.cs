using System.Security.Cryptography;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Surfaces.Folders;
using Microsoft.Extensions.Logging;

namespace IsoCatalog.Surfaces.ConsoleVolume;

/// <summary>
/// How a folder proves, at every call, that it is the volume and not the empty mount point under it: by a file with a random id, kept by the
/// appliance as well. A folder that was never seen is marked when it is empty; from then on only the same id will do.
/// </summary>
internal sealed class VolumeMarker(
    string surface, FolderLayout folder, string? expected, Func<string, CancellationToken, Task>? remember, ILogger? logger)
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
        if (Read() is not { } marker)
        {
            if (Id is not null)
            {
                return new(
                    ReasonCode.SurfaceMissing,
                    $"{folder.Path} is there but is not the volume of {surface}: is it mounted? Its marker {FolderLayout.HiddenName}/volume is missing. "
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

        if (folder.WriteRefusal() is { } refusal)
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
            id = Write();
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

    private string FilePath => Path.Combine(folder.Hidden, "volume");

    /// <summary>Surface name and volume id; null when there is no marker. The id is null where an operator wrote only the name.</summary>
    private (string? Surface, string? Id)? Read() =>
        KeyedText.Read(FilePath) is { } values ? (values.GetValueOrDefault("surface"), values.GetValueOrDefault("volume")) : null;

    /// <returns>The new id.</returns>
    private string Write()
    {
        folder.CreateHidden();
        var id = RandomNumberGenerator.GetHexString(32, lowercase: true);
        KeyedText.Write(FilePath, ("surface", surface), ("volume", id));
        return id;
    }
}
