using IsoCatalog.Appliance.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace IsoCatalog.Appliance.Telemetry;

/// <summary>How a line of the log looks, on stderr.</summary>
internal static class LogLines
{
    public static void Add(ILoggingBuilder logging, LogFormat format, bool inJournal)
    {
        if (format == LogFormat.Json)
        {
            logging.AddJsonConsole(json =>
            {
                json.UseUtcTimestamp = true;
                json.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";
            });
        }
        else
        {
            logging.AddSimpleConsole(text =>
            {
                text.SingleLine = true;
                text.UseUtcTimestamp = true;

                // The journal has a time of its own, and what it keeps is no terminal.
                text.TimestampFormat = inJournal ? null : "yyyy-MM-ddTHH:mm:ss.fffZ ";
                text.ColorBehavior = inJournal ? LoggerColorBehavior.Disabled : LoggerColorBehavior.Default;
            });
        }

        if (inJournal)
        {
            var inner = format == LogFormat.Json ? ConsoleFormatterNames.Json : ConsoleFormatterNames.Simple;
            logging.Services.AddSingleton<ConsoleFormatter>(services => new JournalFormatter(services, inner));
            logging.Services.Configure<ConsoleLoggerOptions>(console => console.FormatterName = JournalFormatter.Title);
        }
    }

    /// <summary>Puts the journal's priority before each line that another format writes.</summary>
    private sealed class JournalFormatter(IServiceProvider services, string inner) : ConsoleFormatter(Title)
    {
        public const string Title = "journal";

        /// <summary>Looked up late: it is one of the formatters that this one is made with.</summary>
        private readonly Lazy<ConsoleFormatter> _inner = new(() => services.GetServices<ConsoleFormatter>().First(f => f.Name == inner));

        public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
        {
            using var text = new StringWriter();
            _inner.Value.Write(in logEntry, scopeProvider, text);
            textWriter.Write(JournalStream.Lines(logEntry.LogLevel, text.ToString()));
        }
    }
}
