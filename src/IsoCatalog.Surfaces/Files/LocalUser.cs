using Microsoft.Win32.SafeHandles;

namespace IsoCatalog.Surfaces.Files;

/// <summary>
/// Somebody on this machine, and what the modes of files let them read. Other groups than the first and access control lists are not asked: who may read more by those
/// is told no, and can send the bytes instead.
/// </summary>
/// <param name="Group">Null when it is not known.</param>
public sealed record LocalUser(uint User, uint? Group)
{
    /// <summary>root reads everything, and whoever the site runs as reads what it reads.</summary>
    private bool ReadsAll => User == 0 || User == Libc.EffectiveUser();

    /// <summary>Whom a file or folder belongs to; null when nothing is there, or it cannot be looked at.</summary>
    public static LocalUser? OwnerOf(string path)
    {
        try
        {
            return FileStat.Followed(path) is { Kind: not FileKind.Missing } stat ? new LocalUser(stat.User, stat.Group) : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Of a file that is open, so that no other one can take its place: its own mode, and those of the folders above it.</summary>
    /// <exception cref="IOException">It cannot be looked at.</exception>
    public bool MayRead(SafeFileHandle file)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (ReadsAll)
        {
            return true;
        }

        var path = File.ResolveLinkTarget($"/proc/self/fd/{file.DangerousGetHandle()}", returnFinalTarget: false)?.FullName;
        return path is not null && Has(FileStat.Of(file), UnixFileMode.OtherRead) && MayLookUp(path);
    }

    /// <summary>May it be known whether there is something with this name? Every folder above it can be searched, as far as they are there.</summary>
    /// <exception cref="IOException">One cannot be looked at.</exception>
    public bool MayLookUp(string path)
    {
        for (var folder = Path.GetDirectoryName(Path.GetFullPath(path)); folder is not null && !ReadsAll; folder = Path.GetDirectoryName(folder))
        {
            if (FileStat.Followed(folder) is { Kind: not FileKind.Missing } stat && !Has(stat, UnixFileMode.OtherExecute))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The class that applies is the only one that is asked: an owner without a right does not get it from the others.</summary>
    private bool Has(in FileStat stat, UnixFileMode others) =>
        (stat.Mode & (UnixFileMode)((int)others << (stat.User == User ? 6 : stat.Group == Group ? 3 : 0))) != UnixFileMode.None;
}
