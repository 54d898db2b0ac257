using System.Security.Cryptography;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Files;

/// <summary>On a real file, whose ctime moves with each of its links.</summary>
public sealed class OwnLinksTests : IDisposable
{
    private static readonly Sha256Digest Root = new(SHA256.HashData([1, 2, 3]));

    private readonly TempFolder _folder = new();
    private readonly OwnLinks _links = new();
    private readonly string _path;
    private readonly Receipt _verified;

    public OwnLinksTests()
    {
        _path = _folder.Write("stored", [1, 2, 3]);
        _verified = Now();
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_receipt_from_before_any_announced_link_stays_good_and_another_change_makes_it_bad()
    {
        for (var i = 0; i < 40; i++)
        {
            Relink($"name-{i}");
            Assert.True(Explains());
        }

        MoveChangedTime(() => File.SetUnixFileMode(_path, UnixFileMode.UserRead));
        Assert.False(Explains());
        Assert.False(Explains(default(Sha256Digest)));
    }

    [Fact]
    public void Other_bytes_are_never_explained_by_a_link()
    {
        using (Expect())
        {
            File.AppendAllText(_path, "x");
            Assert.False(Explains());
        }

        Assert.False(Explains());
    }

    [Fact]
    public void A_change_that_ends_by_a_fault_explains_nothing_any_more()
    {
        Assert.Throws<IOException>(() =>
        {
            using var change = _links.Expect(Root, () => throw new IOException("stat failed"));
            Link("name");
            Assert.True(Explains());
        });
        Assert.False(Explains());
    }

    [Fact]
    public void A_look_that_a_change_overlaps_is_explained_whatever_it_caught()
    {
        var look = _links.Before(Root);
        Receipt between;
        using (Expect())
        {
            Link("first");
            between = Now();
            Assert.True(look.Explains(between, _verified));
            Link("second");
        }

        Assert.NotEqual(between, Now());
        Assert.True(look.Explains(between, _verified));
        Assert.False(_links.Before(Root).Explains(between, _verified));
    }

    /// <summary>By chance what the tests above do in order.</summary>
    [Fact]
    public async Task Whoever_looks_while_links_come_and_go_never_finds_a_reason_to_doubt()
    {
        const int Lookers = 4;
        var done = false;
        using var begun = new CountdownEvent(Lookers);
        var looking = Enumerable.Range(0, Lookers).Select(_ => OnItsOwnThread(() =>
        {
            Assert.True(Explains());
            begun.Signal();
            while (!Volatile.Read(ref done))
            {
                Assert.True(Explains());
            }
        })).ToArray();
        begun.Wait(TestContext.Current.CancellationToken);
        try
        {
            await Task.WhenAll(Enumerable.Range(0, 2).Select(by => OnItsOwnThread(() =>
            {
                for (var i = 0; i < 2_000; i++)
                {
                    using (Expect())
                    {
                        Assert.True(DurableFile.TryHardLink(_path, _folder.Combine($"{by}")));
                    }

                    using (Expect())
                    {
                        File.Delete(_folder.Combine($"{by}"));
                    }
                }
            })));
        }
        finally
        {
            Volatile.Write(ref done, true);
        }

        await Task.WhenAll(looking);
    }

    private static Task OnItsOwnThread(Action work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private bool Explains(Sha256Digest? root = null)
    {
        var look = _links.Before(root ?? Root);
        return look.Explains(Now(), _verified);
    }

    private IDisposable Expect() => _links.Expect(Root, () => Now());

    private void Relink(string name)
    {
        using (Expect())
        {
            Link(name);
        }
    }

    private void Link(string name) => MoveChangedTime(() =>
    {
        File.Delete(_folder.Combine(name));
        Assert.True(DurableFile.TryHardLink(_path, _folder.Combine(name)));
    });

    /// <summary>The kernel's clock of files ticks every few milliseconds: a change within a tick shows no other ctime.</summary>
    private void MoveChangedTime(Action change)
    {
        var before = Now();
        SpinWait.SpinUntil(() =>
        {
            change();
            return Now().ChangedNs != before.ChangedNs;
        });
    }

    private Receipt Now() => FileIdentity.Of(_path, default)!.Value;
}
