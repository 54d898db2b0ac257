using FsCheck;
using FsCheck.Fluent;
using IsoCatalog.Simulators.Engine;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Surfaces.Ovirt;
using Xunit;

namespace IsoCatalog.Tests.Ovirt;

/// <summary>What a host would list, worked out here, against the stand-in for a host that was written from vdsm's rules by somebody else.</summary>
public sealed class DomainListingTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string _folder = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), "isocatalog-" + Guid.NewGuid())).FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_host_lists_what_was_worked_out()
    {
        var entry = from kind in Gen.Choose(0, 9) from mode in Gen.Choose(0, 7) from deep in Gen.Choose(0, 3) select (kind, mode, deep);
        var broken = 0;
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(150), Prop.ForAll(entry.ListOf().ToArbitrary(), entries =>
        {
            Directory.Delete(_folder, recursive: true);
            Directory.CreateDirectory(_folder);
            var number = 0;
            foreach (var (kind, mode, deep) in entries)
            {
                Make($"{(deep == 0 ? "sub/" : "")}{(kind == 1 ? "." : "")}entry{number++}{(kind == 2 ? ".part" : ".iso")}", kind, (UnixFileMode)(mode * 4) | OwnerOnly);
            }

            var ours = DomainListing.Of(_folder, CancellationToken.None);
            IReadOnlyList<string>? theirs;
            try
            {
                theirs = HostListing.Of(_folder);
            }
            catch (HostListingException)
            {
                theirs = null;
                broken++;
            }

            return theirs is null
                ? ours.Breaker(_folder) is not null
                : ours.Breaker(_folder) is null && ours.Listed.Order(StringComparer.Ordinal).SequenceEqual(theirs.Order(StringComparer.Ordinal));
        }));
        Assert.True(broken > 0, "No run had a link that leads nowhere.");
    }

    [Theory]
    [InlineData("0644", 0, 0, true)]
    [InlineData("0640", 36, 36, true)]
    [InlineData("0640", 0, 107, true)]
    [InlineData("0640", 36, 0, false)]
    [InlineData("0600", 36, 36, false)]
    [InlineData("0004", 0, 0, true)]
    public void Hosts_go_by_the_group_and_the_mode_whoever_the_owner_is(string mode, uint user, uint group, bool listed)
    {
        var stat = new FileStat(FileKind.Regular, 1, 2, 3, 4, 5, 6, 1, (UnixFileMode)Convert.ToInt32(mode, 8), user, group);
        var entry = DomainListing.Judge("a.iso", stat, stat);

        Assert.Equal(listed ? EntryFate.Listed : EntryFate.Dropped, entry.Fate);
        Assert.Equal(!listed, entry.Why.Contains($"mode {mode} and owner {user}:{group}", StringComparison.Ordinal));
    }

    private void Make(string name, int kind, UnixFileMode mode)
    {
        var path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        switch (kind)
        {
            case 3:
                File.CreateSymbolicLink(path, "/nowhere/" + Guid.NewGuid());
                break;
            case 4:
                File.CreateSymbolicLink(path, "/etc/passwd");
                break;
            case 5:
                Directory.CreateDirectory(path);
                break;
            default:
                File.WriteAllText(path, name);
                File.SetUnixFileMode(path, mode);
                break;
        }
    }
}
