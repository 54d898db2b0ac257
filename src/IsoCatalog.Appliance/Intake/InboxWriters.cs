using IsoCatalog.Appliance.Wording;
using IsoCatalog.Core.Images;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;
using Microsoft.Win32.SafeHandles;

namespace IsoCatalog.Appliance.Intake;

/// <summary>Asks a file of the inbox itself whether somebody is not done with it: who has it open for writing, or left holes in it. Not thread-safe.</summary>
internal sealed class InboxWriters(string folder)
{
    private readonly Dictionary<string, (Receipt Seen, string? Reason)> _holes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DateTimeOffset> _open = new(StringComparer.Ordinal);

    /// <summary>Null when nothing is known against taking it up.</summary>
    /// <param name="isExpected">Its hash is known, and will tell.</param>
    public NotYet? WhyNotYet(InboxFile file, bool isExpected, DateTimeOffset now)
    {
        if (!isExpected && _holes.TryGetValue(file.Name, out var known) && known.Seen == file.Entry.Seen && known.Reason is { } holes)
        {
            return new NotYet(holes, IsShort: false);
        }

        var path = Path.Combine(folder, file.Name);
        try
        {
            using var opened = DurableFile.OpenRead(path);
            if (FileIdentity.Of(opened, default) != file.Entry.Seen)
            {
                return new NotYet($"{path} changed just now.", IsShort: true);
            }

            if (WriterCheck.IsOpenForWriting(opened))
            {
                _open[file.Name] = now;
            }

            if (_open.TryGetValue(file.Name, out var last) && (now - last).Duration() < InboxPlan.Quiet)
            {
                return new NotYet(
                    $"{path} is not taken up: some program has it open for writing, and has not written to it since. End that program (see lsof or fuser). If the image is whole as it is: isocatalog add {ShellWord.Of(path)}.",
                    IsShort: true);
            }

            if (!isExpected)
            {
                var why = Holes(opened, path, file.Entry.Seen.Size);
                _holes[file.Name] = (file.Entry.Seen, why);
                return why is null ? null : new NotYet(why, IsShort: false);
            }
        }
        catch (Exception e) when (DiskFault.IsOutside(e))
        {
            // The add says it in its own words.
        }

        return null;
    }

    /// <param name="lies">What lies in the inbox; of everything else nothing is kept.</param>
    public void Keep(IReadOnlyDictionary<string, Receipt> lies)
    {
        foreach (var gone in _holes.Keys.Concat(_open.Keys).Where(n => !lies.ContainsKey(n)).ToList())
        {
            _holes.Remove(gone);
            _open.Remove(gone);
        }
    }

    /// <summary>A hole behind the volume is padding; one in a file that is no image is not what is wrong with it.</summary>
    private static string? Holes(SafeFileHandle file, string path, long size)
    {
        var first = SparseFile.FirstHole(file, size);
        if (first == size)
        {
            return null;
        }

        var taken = SparseFile.Taken(file);
        using var stream = new FileStream(file, FileAccess.Read, bufferSize: 0);
        return IsoReader.Read(stream) is IsoInspection.Recognized { Metadata.UsedSize: var used } && first < used
            ? $"{path} is not taken up: nothing was ever written to some of it, from byte {first:N0} of {size:N0} on ({Plain.Size(taken)} of {Plain.Size(size)} are on the disk). A download that reserved its room and "
                + $"was broken off looks so; a sparse copy and a file system that compresses do too. If it is whole, put its checksum beside it as {Plain.Text(Path.GetFileName(path))}.sha256, or: isocatalog add {ShellWord.Of(path)}."
            : null;
    }
}

/// <param name="Reason">For drift, if it stays so.</param>
/// <param name="IsShort">It may be otherwise in a moment, and no event will say so.</param>
internal sealed record NotYet(string Reason, bool IsShort);
