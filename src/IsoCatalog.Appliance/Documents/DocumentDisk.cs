using IsoCatalog.Appliance.Events;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Documents;

/// <summary>
/// Writes what was signed. On a full disk there is the reserve. What other sites signed is in force from the moment that it is known, a recall above all: where it cannot
/// be stored, it is kept in memory and stored later; lost with the process, it is fetched again. Called under the ledger's lock; not thread-safe.
/// </summary>
internal sealed class DocumentDisk(SiteFolders folders, Reserve reserve, SiteAlarms alarms)
{
    private const UnixFileMode Mode = (UnixFileMode)0b110_100_100;

    /// <summary>By path, in the order in which they came: a document is not stored before its chunks.</summary>
    private readonly OrderedDictionary<string, byte[]> _late = new(StringComparer.Ordinal);

    /// <summary>What has to be freed, in words, where there is no room.</summary>
    public string Remedy => reserve.Remedy;

    /// <summary>Durable when it returns, and after all that it may refer to and that can be stored by now.</summary>
    /// <exception cref="IOException">It is not.</exception>
    public void Write(string path, ReadOnlyMemory<byte> content)
    {
        CatchUp();
        Store(path, content);
        _late.Remove(path);
    }

    /// <summary>Stores it now, or later: then it is an alarm, and so is all that comes after it.</summary>
    public void Keep(string path, ReadOnlyMemory<byte> content)
    {
        _late[path] = content.ToArray();
        CatchUp();
    }

    /// <summary>What is to be stored later; null for anything else.</summary>
    public byte[]? Find(string path) => _late.GetValueOrDefault(path);

    public void CatchUp()
    {
        try
        {
            while (_late.Count > 0)
            {
                var (path, content) = _late.GetAt(0);
                Store(path, content);
                _late.RemoveAt(0);
            }

            alarms.Set(ReasonCode.DocumentsUnstored, null);
        }
        catch (Exception e) when (DiskFault.IsOutside(e))
        {
            alarms.Set(
                ReasonCode.DocumentsUnstored,
                $"What other sites signed cannot be stored in {folders.Catalog}. {Cause(e)} It is in force here all the same, and is stored as soon as that is possible. Look at the "
                + "room on that disk, and at the disk itself (dmesg, smartctl).");
        }
    }

    private void Store(string path, ReadOnlyMemory<byte> content) => reserve.Write(() =>
    {
        DurableFile.CreateFolder(Path.GetDirectoryName(path)!, SiteFolders.ForGroup);
        DurableFile.WriteAtomically(path, content.Span, Mode);
    });

    /// <summary>The cause in words that stay the same from one try to the next: temporary files have another name each time.</summary>
    private static string Cause(Exception e) => DiskFault.IsFull(e) ? "The disk is full." : DiskFault.IsReadOnly(e) ? "It may not be written." : "The disk fails.";
}
