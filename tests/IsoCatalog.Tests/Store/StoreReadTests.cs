using System.Security.Cryptography;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Surfaces.Files;
using Xunit;

namespace IsoCatalog.Tests.Store;

public sealed class StoreReadTests : IDisposable
{
    private readonly string _folder = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), "isocatalog-" + Guid.NewGuid().ToString("N"))).FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>The appliance takes a name of the inode away while it reads it.</summary>
    [Fact]
    public void A_link_that_goes_while_the_file_is_read_is_no_damage()
    {
        var path = Write();
        var root = ReadBack.Of(path, null, Cancel).After.Root;
        var name = path + ".name";
        DurableFile.TryHardLink(path, name);

        var read = ImageStore.Read(path, root, new Once(() => File.Delete(name)), Cancel);

        Assert.False(File.Exists(name));
        Assert.Equal(FileIdentity.Of(path, root), Assert.IsType<StoreRead.Right>(read).Receipt);
    }

    [Fact]
    public void A_write_while_the_file_is_read_says_nothing_of_its_bytes_whether_they_were_right_or_not()
    {
        var path = Write();
        var root = ReadBack.Of(path, null, Cancel).After.Root;

        var read = ImageStore.Read(path, root, new Once(() => File.SetLastWriteTimeUtc(path, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc))), Cancel);

        Assert.Contains("changed while it was read", Assert.IsType<StoreRead.Undecided>(read).Reason, StringComparison.Ordinal);
        Assert.IsType<StoreRead.Undecided>(ImageStore.Read(path, default, new Once(() => File.SetLastWriteTimeUtc(path, new DateTime(2021, 1, 1, 0, 0, 0, DateTimeKind.Utc))), Cancel));
        Assert.IsType<StoreRead.Right>(ImageStore.Read(path, root, null, Cancel));
        Assert.IsType<StoreRead.Wrong>(ImageStore.Read(path, default, null, Cancel));
    }

    [Fact]
    public void A_file_that_never_rests_is_not_trusted_and_reading_it_ends()
    {
        var path = Write();
        var root = ReadBack.Of(path, null, Cancel).After.Root;
        var links = 0;

        var read = ImageStore.Read(path, root, new Always(() => DurableFile.TryHardLink(path, $"{path}.{links++}")), Cancel);

        Assert.IsType<StoreRead.Undecided>(read);
        Assert.InRange(links, 2, 100);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Write()
    {
        var path = Path.Combine(_folder, "image");
        File.WriteAllBytes(path, RandomNumberGenerator.GetBytes(300_000));
        return path;
    }

    private sealed class Once(Action act) : IProgress<long>
    {
        private bool _done;

        public void Report(long value)
        {
            if (!_done)
            {
                _done = true;
                act();
            }
        }
    }

    private sealed class Always(Action act) : IProgress<long>
    {
        public void Report(long value) => act();
    }
}
