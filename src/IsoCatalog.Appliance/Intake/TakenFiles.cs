using System.Globalization;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Intake;

/// <summary>A file of the inbox that was taken up and could not be deleted.</summary>
/// <param name="Name">Its name there; one that an image can have, so of printable ASCII.</param>
/// <param name="Seen">As it was taken up.</param>
/// <param name="Folder">The inode of the inbox then: in another folder, such as an empty mount point, it is not looked for.</param>
/// <param name="Image">What it became.</param>
/// <param name="Why">It could not be deleted.</param>
internal sealed record TakenFile(string Name, Receipt Seen, ulong Folder, ImageId Image, DateTimeOffset Since, string Why)
{
    /// <summary>
    /// The same bytes, as far as stat tells: size and mtime agree, and the inode, which a mount of a network file system may number anew, or the ctime, which a change of mode or owner moves.
    /// </summary>
    public bool Is(Receipt now) => (now.Size, now.ModifiedNs) == (Seen.Size, Seen.ModifiedNs) && (now.Inode == Seen.Inode || now.ChangedNs == Seen.ChangedNs);
}

/// <summary>
/// What was taken up and still lies in the inbox, across restarts: it is not read again, and does not bring back an image that was removed meanwhile. Kept as one fact of the database.
/// Not thread-safe.
/// </summary>
internal sealed class TakenFiles
{
    private const string FactName = "inbox-taken";

    /// <summary>As many as are looked at; beyond it what lies elsewhere is forgotten, and then the oldest.</summary>
    private const int Most = InboxFolder.MaxEntries;

    private readonly SiteLedger _ledger;
    private readonly Dictionary<string, TakenFile> _files;
    private bool _unsaved;

    public TakenFiles(SiteLedger ledger)
    {
        _ledger = ledger;
        _files = Parse(ledger.Facts.GetValueOrDefault(FactName, "")).DistinctBy(f => f.Name).ToDictionary(f => f.Name, StringComparer.Ordinal);
    }

    public IEnumerable<TakenFile> All => _files.Values;

    public TakenFile? Find(string name, Receipt now) => _files.TryGetValue(name, out var known) && known.Is(now) ? known : null;

    public void Add(TakenFile file)
    {
        _files[file.Name] = file;
        if (_files.Count > Most)
        {
            _files.Remove(_files.Values.OrderBy(f => f.Folder == file.Folder).ThenBy(f => f.Since).First().Name);
        }

        _unsaved = true;
    }

    /// <summary>Forgets what changed or went.</summary>
    /// <param name="folder">The inode of the inbox now.</param>
    /// <param name="lies">What lies there.</param>
    public void Keep(ulong folder, IReadOnlyDictionary<string, Receipt> lies)
    {
        foreach (var file in _files.Values.Where(f => lies.TryGetValue(f.Name, out var now) ? !f.Is(now) : f.Folder == folder).ToList())
        {
            _files.Remove(file.Name);
            _unsaved = true;
        }
    }

    public void Remove(string name) => _unsaved |= _files.Remove(name);

    /// <exception cref="DatabaseException">It is not kept; to be tried again.</exception>
    public void Save()
    {
        if (_unsaved)
        {
            _ledger.SaveFact(FactName, Text(_files.Values));
            _unsaved = false;
        }
    }

    internal static string Text(IEnumerable<TakenFile> files) => string.Join('\n', files.Select(f => string.Create(
        CultureInfo.InvariantCulture,
        $"{f.Seen.Device} {f.Seen.Inode} {f.Seen.Size} {f.Seen.ModifiedNs} {f.Seen.ChangedNs} {f.Folder} {f.Since.ToUnixTimeMilliseconds()} {f.Image} {f.Name}\t{f.Why.ReplaceLineEndings(" ")}")));

    /// <summary>What another version wrote otherwise is passed over: the file is taken up once more.</summary>
    internal static IEnumerable<TakenFile> Parse(string text)
    {
        foreach (var line in text.Split('\n'))
        {
            if (line.Split(' ', 9) is [var device, var inode, var size, var modified, var changed, var folder, var since, var image, var rest]
                && Number(device, out ulong d) && Number(inode, out ulong i) && Number(size, out long s) && Number(modified, out long m) && Number(changed, out long c)
                && Number(folder, out ulong f) && Number(since, out long at) && at is >= 0 and < 253_402_300_800_000 && ImageId.TryParse(image, out var id)
                && rest.Split('\t', 2) is [{ Length: > 0 } name, var why])
            {
                yield return new TakenFile(name, new Receipt(d, i, s, m, c, default), f, id, DateTimeOffset.FromUnixTimeMilliseconds(at), why);
            }
        }

        static bool Number<T>(string text, out T value)
            where T : struct, System.Numerics.INumber<T> => T.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);
    }
}
