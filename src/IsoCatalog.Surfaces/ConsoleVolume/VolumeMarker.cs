using System.Security.Cryptography;
using IsoCatalog.Core.Readiness;
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
    private const string FileName = "volume";

    /// <summary>The volume's id; null until it was first seen.</summary>
    public string? Id { get; private set; } = expected;

    /// <summary>Null when the folder is there, is ours and can be written to.</summary>
    /// <param name="open">The folder as it was opened for the step that is to come; null when it is not there.</param>
    /// <param name="cancellationToken">Ends the wait for the id to be kept.</param>
    /// <exception cref="IOException">It cannot be looked at, or what is hidden in it is not ours.</exception>
    public async Task<SurfaceOutcome.Refused?> AbsenceAsync(OpenFolder? open, CancellationToken cancellationToken)
    {
        if (open is null)
        {
            return new(ReasonCode.SurfaceMissing, $"There is no folder {folder.Path}. Create it or mount it.", Retryable: true);
        }

        string? id;
        if (Read(open) is not { } marker)
        {
            if (Id is not null)
            {
                return new(
                    ReasonCode.SurfaceMissing,
                    $"{folder.Path} is there but is not the volume of {surface}: is it mounted? Its marker {FolderLayout.HiddenName}/volume is missing. "
                    + $"If it is a new volume, {Agreement(Id)}",
                    Retryable: true);
            }

            if (open.VisibleNames(1).Any())
            {
                return new(
                    ReasonCode.ForeignFile,
                    $"{folder.Path} has files in it and was never used by {surface}. Give it an empty folder, or agree to share this one: "
                    + Agreement(null),
                    Retryable: true);
            }

            id = null;
        }
        else if (marker.Surface == surface && Id is not null && marker.Id is null)
        {
            // Whoever may write there could make any folder the volume by a word that he knows.
            return new(
                ReasonCode.SurfaceMissing,
                $"The marker {folder.Hidden}/volume names {surface} and no volume, and {surface} had one: is it mounted? If it is a new volume, {Agreement(Id)}",
                Retryable: true);
        }
        else if (marker.Surface != surface || (Id is not null && marker.Id != Id))
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

        await TakeMarkerAsync(open, id, cancellationToken);
        return null;
    }

    private async Task TakeMarkerAsync(OpenFolder open, string? id, CancellationToken cancellationToken)
    {
        if (id is null)
        {
            id = Write(open);
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

    private string Agreement(string? id) =>
        $"write the line{(id is null ? "" : "s")} \"surface: {surface}\"{(id is null ? "" : $" and \"volume: {id}\"")} into {folder.Hidden}/volume.";

    /// <summary>Surface name and volume id; null when there is no marker. The id is null where an operator wrote only the name.</summary>
    private static (string? Surface, string? Id)? Read(OpenFolder open) =>
        open.InHidden(FileName) is { } path && KeyedText.Read(path) is { } values ? (values.GetValueOrDefault("surface"), values.GetValueOrDefault("volume")) : null;

    /// <returns>The new id.</returns>
    private string Write(OpenFolder open)
    {
        open.CreateHidden();
        var id = RandomNumberGenerator.GetHexString(32, lowercase: true);
        KeyedText.Write(open.InHidden(FileName)!, ("surface", surface), ("volume", id));
        return id;
    }
}
