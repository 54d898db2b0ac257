using System.Globalization;
using IsoCatalog.Appliance.Configuration;

namespace IsoCatalog.Appliance.Store;

/// <summary>How many files a site must be able to have open at once. Less, and something fails at a moment that nobody chose, with words that name something else.</summary>
/// <param name="Limit">How many this process may have open.</param>
/// <param name="Images">Files of its store that are kept open, because other sites may ask for any of them at any time.</param>
internal sealed record FileNeed(long Limit, int Images)
{
    /// <summary>The program's libraries, two each, its listeners, its database and its watches: 280 were counted.</summary>
    private const int Own = 320;

    /// <summary>A BMC that reads takes two, every other caller one; more of them are let in as long as there are files left.</summary>
    private const int Connections = 128;

    public const string TooFew = "too-few-files";

    public long Needed => Own + Images + Connections;

    /// <summary>Null when it is enough.</summary>
    public string? Problem => Limit >= Needed ? null : string.Create(
        CultureInfo.InvariantCulture,
        $"This process may have {Limit:N0} files open at once, and the site needs {Needed:N0}: {Own} for the program, {Connections} for connections, and one for each image in its store that other "
        + $"sites may ask for, now {Images:N0}. Allow it more (65536 leaves room to grow): LimitNOFILE=65536 in its systemd unit, `ulimit -n 65536` before it in a shell, nofile in "
        + $"/etc/security/limits.conf for its user, or --ulimit nofile=65536 for its container.");

    /// <summary>Looks into the store's folders and changes nothing.</summary>
    public static FileNeed Of(SiteConfiguration site, long limit) => new(limit, site.Listen.Fleet is null ? 0 : Stored(new SiteFolders(site.Data, site.Inbox.Path)));

    private static int Stored(SiteFolders folders)
    {
        try
        {
            return Directory.EnumerateDirectories(folders.Store).Sum(folder => Directory.EnumerateFiles(folder).Count(file => Path.GetExtension(file).Length == 0));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A folder that is not there, or cannot be read, is refused by whoever needs it.
            return 0;
        }
    }
}
