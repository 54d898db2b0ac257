using System.Runtime.InteropServices;
using FsCheck;
using FsCheck.Fluent;
using IsoCatalog.Simulators.Engine;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Surfaces.Ovirt;
using Xunit;

namespace IsoCatalog.Tests.Ovirt;

/// <summary>What a host would list, worked out here, against the stand-in for a host that was written from vdsm's rules by somebody else.</summary>
public sealed partial class DomainListingTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string _folder = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), "isocatalog-" + Guid.NewGuid())).FullName;

    private readonly string _closed = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), "isocatalog-" + Guid.NewGuid() + "-closed"), OwnerOnly | UnixFileMode.UserExecute).FullName;

    public DomainListingTests() => File.WriteAllText(Path.Combine(_closed, "in.iso"), "closed");

    public void Dispose()
    {
        Directory.Delete(_closed, recursive: true);
        DeleteFolder();
    }

    [Fact]
    public void A_host_lists_what_was_worked_out()
    {
        // Of ten kinds, four break the listing: they are rarer, so that most runs have a list.
        var entry = from kind in Gen.Frequency((6, Gen.Choose(0, 2)), (3, Gen.Elements(4, 5, 8)), (1, Gen.Elements(3, 6, 7, 9))) from mode in Gen.Choose(0, 7) from deep in Gen.Choose(0, 3) select (kind, mode, deep);
        var (broken, whole) = (0, 0);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(150), Prop.ForAll(entry.ListOf().ToArbitrary(), entries =>
        {
            DeleteFolder();
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
                whole++;
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
        Assert.True(broken > 0 && whole > 10, $"{broken} runs could not be listed and {whole} could: one of them was hardly tried.");
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

    private void DeleteFolder()
    {
        // .NET cannot name what is not UTF-8, and so not delete it.
        _ = Unlink(System.Text.Encoding.Latin1.GetBytes(Path.Combine(_folder, "caf\u00e9.iso") + "\0"));
        Directory.Delete(_folder, recursive: true);
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
            case 6:
                // Somebody else's, with a file in it or without, open to others or not.
                Directory.CreateDirectory(path);
                if (mode.HasFlag(UnixFileMode.GroupExecute))
                {
                    File.WriteAllText(Path.Combine(path, "in.iso"), name);
                    File.SetUnixFileMode(Path.Combine(path, "in.iso"), OwnerOnly | UnixFileMode.OtherRead);
                }

                File.SetUnixFileMode(path, OwnerOnly | UnixFileMode.UserExecute | (UnixFileMode)(((int)mode >> 2) & 5));
                break;
            case 7:
                File.CreateSymbolicLink(path, Path.Combine(_closed, "in.iso"));
                break;
            case 8:
                File.CreateSymbolicLink(path, Path.GetTempPath());
                break;
            case 9:
                Assert.Equal(0, Create(System.Text.Encoding.Latin1.GetBytes(Path.Combine(_folder, "caf\u00e9.iso") + "\0"), 0x1B6));
                break;
            default:
                File.WriteAllText(path, name);
                File.SetUnixFileMode(path, mode);
                break;
        }
    }

    /// <summary>creat(2) with a name in bytes.</summary>
    private static int Create(byte[] path, uint mode)
    {
        var file = Open(path, mode);
        return file < 0 ? -1 : Close(file);
    }

    [LibraryImport("libc", EntryPoint = "creat")]
    private static partial int Open(byte[] path, uint mode);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int file);

    [LibraryImport("libc", EntryPoint = "unlink")]
    private static partial int Unlink(byte[] path);
}
