using System.Text;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Surfaces.Folders;

/// <summary>Small files of <c>key: value</c> lines that an operator can read and write with a plain editor.</summary>
internal static class KeyedText
{
    private const int MaxLength = 4096;

    /// <summary>Null when there is no such file. Lines that are none are passed over; of a key given twice the first counts.</summary>
    /// <exception cref="IOException">It cannot be read, or is longer than 4 KiB.</exception>
    public static IReadOnlyDictionary<string, string>? Read(string path)
    {
        if (FileIdentity.KindOf(path) == FileKind.Missing)
        {
            return null;
        }

        using var file = DurableFile.OpenRead(path);
        var bytes = new byte[MaxLength + 1];
        var length = RandomAccess.Read(file, bytes, 0);
        if (length > MaxLength)
        {
            throw new IOException($"{FolderHandle.AsShown(path)} is longer than {MaxLength} bytes, so it was not written by the appliance.");
        }

        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in Encoding.UTF8.GetString(bytes, 0, length).Split('\n'))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0)
            {
                values.TryAdd(line[..colon].Trim(), line[(colon + 1)..].Trim());
            }
        }

        return values;
    }

    public static void Write(string path, params ReadOnlySpan<(string Key, string Value)> lines)
    {
        var text = new StringBuilder();
        foreach (var (key, value) in lines)
        {
            text.Append(key).Append(": ").Append(value).Append('\n');
        }

        DurableFile.WriteAtomically(path, Encoding.UTF8.GetBytes(text.ToString()), UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}
