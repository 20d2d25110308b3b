// SPDX-License-Identifier: EUPL-1.2
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.security.Permission;
import java.util.Base64;
import java.util.regex.Pattern;

/**
 * Commands of the Java peer one after the other in one process: the peer is made for one command a process, which costs more in
 * starting than in working. Each command has the peer's and the library's classes for itself, so that nothing of the one before is left.
 *
 * <p>{@code java Commands CLASSPATH}. In, a line a command: its words, each in Base64, blanks between them. Out, a line each: status,
 * standard output, standard error, the last two in Base64.
 */
public final class Commands {
  /** What System.exit becomes. */
  private static final class Ended extends SecurityException {
    private final int status;

    Ended(int status) {
      this.status = status;
    }
  }

  private static final class StayAlive extends SecurityManager {
    @Override
    public void checkExit(int status) {
      throw new Ended(status);
    }

    @Override
    public void checkPermission(Permission permission) {}
  }

  public static void main(String[] args) throws IOException {
    URL[] urls = Pattern.compile(Pattern.quote(File.pathSeparator)).splitAsStream(args[0]).filter(p -> !p.isEmpty()).map(Commands::url).toArray(URL[]::new);
    System.setSecurityManager(new StayAlive());
    PrintStream out = System.out;
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      ByteArrayOutputStream said = new ByteArrayOutputStream();
      ByteArrayOutputStream wrong = new ByteArrayOutputStream();
      System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
      System.setErr(new PrintStream(wrong, true, StandardCharsets.UTF_8));
      int status = run(urls, Pattern.compile(" ").splitAsStream(line).map(Commands::text).toArray(String[]::new));
      out.println(status + " " + base64(said) + " " + base64(wrong));
      out.flush();
    }
  }

  private static int run(URL[] urls, String[] words) {
    try (URLClassLoader own = new URLClassLoader(urls, Commands.class.getClassLoader())) {
      Thread.currentThread().setContextClassLoader(own);
      own.loadClass("peer.Peer").getMethod("main", String[].class).invoke(null, (Object) words);
      return 0;
    } catch (Throwable t) {
      for (Throwable cause = t; cause != null; cause = cause.getCause()) {
        if (cause instanceof Ended) return ((Ended) cause).status;
      }
      t.printStackTrace();
      return 1;
    }
  }

  private static URL url(String path) {
    try {
      return new File(path).toURI().toURL();
    } catch (IOException e) {
      throw new IllegalArgumentException(path, e);
    }
  }

  private static String text(String base64) {
    return new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
  }

  private static String base64(ByteArrayOutputStream bytes) {
    return Base64.getEncoder().encodeToString(bytes.toByteArray());
  }
}
