using IsoCatalog.Appliance.Events;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Core.Trust;

namespace IsoCatalog.Appliance.Documents;

/// <summary>What an operator must know about the trust document and this site's place in it.</summary>
internal static class TrustAlarms
{
    public static void Raise(SiteAlarms alarms, TrustChain trust, string site, SigningKey key, SiteFolders folders)
    {
        alarms.Set(
            SiteAlarms.TrustFork,
            trust.Split is { } split
                ? $"The root keys have signed two trust documents {split.Kept.Document.Version} ({split.Kept.Sha256} and {split.Other.Sha256}): somebody misused them. "
                    + "Sites are neither added nor removed until the holders of the root keys sign a next version that names the right one."
                : null);
        alarms.Set(
            SiteAlarms.NotTrusted,
            trust.Current.Sites.GetValueOrDefault(site) is not { Status: SiteStatus.Active }
                ? $"This site, '{site}', is not in the fleet any more: it serves what it has and exchanges nothing. It can come back with new keys only."
                : trust.Speakers.SignersOf(site).All(k => k.KeyId != key.Public.KeyId)
                    ? $"The signing key of this site is not the one that the trust document lists for '{site}': nothing can be added, changed or removed here. "
                        + $"Put back {folders.SigningKey} from a backup, or have the new key added to the trust document."
                : null);
    }
}
